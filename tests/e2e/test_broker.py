"""Kafka that is not there yet, goes away, comes back, or has topics that do not fit."""
import pytest
from confluent_kafka.admin import NewPartitions

from support.avro import Avro
from support.kafka import CALL_S, KafkaServer
from support.line import Line, assert_alerts, assert_delivered, assert_views, quote, subscription, user
from support.soglia import Soglia
from support.wait import until

WAIT_S = 40
MANY_WAIT_S = 120  # For thousands of mails, on a busy machine.
STOP_S = 5
USERS = ("ada", "grace", "édith")


@pytest.fixture
def own_line(processes, own_kafka, smtp):
    """An installation on a Kafka of its own, without a prefix."""
    return Line(Soglia(processes, own_kafka.brokers, "", smtp.url), own_kafka, Avro(own_kafka, ""), "").apply()


class Supervised:
    """Started again whenever it ends, as whoever runs it does: a long absence of Kafka may fence it, or cost Kafka an end."""

    def __init__(self, soglia):
        self._soglia = soglia
        self.process = soglia.start("run", "all")
        soglia.wait_ready(self.process)

    def watch(self):
        if not self.process.running:
            assert self.process.code == 1
            errors = [line for line in said(self.process).splitlines() if '"level":"error"' in line]
            assert any("fenced" in line or "start again" in line for line in errors), f"it says why: {errors}"
            self.process = self._soglia.start("run", "all")
        return self.process

    def read_until(self, kafka, topic, count):
        kafka.read_until(topic, lambda records: self.watch() and len(records) >= count, MANY_WAIT_S, f"{count} in {topic}")


def said(process):
    return process.stderr_path.read_text()


def toggling(first, count):
    """Quotes of three instruments of which every one crosses each user's threshold."""
    return [quote(f"stock:{name}", at % 2, at) for at in range(first, first + count) for name in "ABC"]


def subscribe(line):
    line.give("users", [user(name) for name in USERS])
    line.give("subscriptions", [subscription(name, f"stock:{stock}", high=0.5, notify_cleared=True)
                                for name in USERS for stock in "ABC"])
    line.wait_taken("notifications", "users", WAIT_S)
    line.wait_taken("alerts", "subscriptions", WAIT_S)


def test_topics_that_do_not_fit_together_stop_it_with_one_line(soglia, kafka, prefix):
    soglia.run("topics", "apply")
    admin = kafka.admin  # It must outlive the answer.
    admin.create_partitions([NewPartitions(f"{prefix}quotes", 6)])[f"{prefix}quotes"].result(CALL_S)
    until(lambda: len(kafka.partitions(f"{prefix}quotes")) == 6, CALL_S, "six partitions")
    result = soglia.run("run", "alerts", code=1)
    line, = [line for line in result.stderr.decode().splitlines() if not line.startswith("{")]
    assert line.startswith("soglia: ")
    assert all(word in line for word in (f"{prefix}quotes", "6", f"{prefix}subscriptions", "4", "topics check"))


def test_without_topics_it_says_what_to_do(soglia):
    result = soglia.run("run", "alerts", code=1)
    line, = [line for line in result.stderr.decode().splitlines() if not line.startswith("{")]
    assert "soglia topics apply" in line


def test_a_kafka_that_starts_later_is_waited_for(processes, tmp_path, smtp):
    server = KafkaServer(tmp_path / "kafka")
    soglia = Soglia(processes, server.brokers, "", smtp.url)
    process = soglia.start("run", "all")
    until(lambda: "waiting for Kafka" in said(process), WAIT_S, "it to say what it waits for")
    assert server.brokers in said(process) and process.running
    stopped = soglia.start("run", "alerts")
    until(lambda: "waiting for Kafka" in said(stopped), WAIT_S, "it to say what it waits for")
    assert stopped.end(STOP_S) == 0
    try:
        server.start()
        line = Line(soglia, server, Avro(server, ""), "").apply()
        # It may have found Kafka without topics; then a supervisor starts it again.
        process = process if process.running else soglia.start("run", "all")
        soglia.wait_ready(process)
        subscribe(line)
        line.give("quotes", toggling(1, 1))
        smtp.wait_for(9, WAIT_S)
        assert process.end(STOP_S) == 0
    finally:
        server.stop()


@pytest.mark.timeout(400)
def test_a_kafka_that_comes_back_finds_nothing_lost(own_line, smtp):
    """Once for a moment, once for longer than soglia's sessions last; soglia is in the middle of its work."""
    own_line.soglia.settings |= {"kafka.session_timeout": "3s", "kafka.transaction_timeout": "15s"}
    kafka, running = own_line.kafka, Supervised(own_line.soglia)
    subscribe(own_line)
    for part in range(2):
        own_line.give("quotes", toggling(1 + part * 200, 100))
        running.read_until(kafka, "alerts", part * 1800 + 100)
        kafka.kill9()
        if part == 1:
            until(lambda: "session timed out" in said(running.process), WAIT_S, "the end of a session")
        kafka.start()
        own_line.give("quotes", toggling(101 + part * 200, 100))

    expected = own_line.expected_alerts()
    assert len(expected) == 2 * 200 * 9
    running.read_until(kafka, "alerts", len(expected))
    running.read_until(kafka, "deliveries", len(expected))
    own_line.soglia.wait_ready(running.watch())
    assert_views(own_line)
    assert running.watch().end(STOP_S) == 0
    assert_alerts(own_line.read("alerts"), expected)
    assert_delivered(own_line, smtp.mails)


def test_a_dead_kafka_does_not_hold_up_the_end(own_line, smtp):
    """And no mail is cut off by it: the server takes its time, so that one is always under way."""
    soglia, smtp.reply_after_s = own_line.soglia, 0.1
    process = soglia.start("run", "all")
    soglia.wait_ready(process)
    subscribe(own_line)
    own_line.give("quotes", toggling(1, 30))
    smtp.wait_for(9, WAIT_S)
    own_line.kafka.kill9()
    assert process.end(STOP_S) == 0

    own_line.kafka.start()
    process = soglia.start("run", "all")
    expected = own_line.expected_alerts()
    own_line.kafka.read_until("deliveries", len(expected), WAIT_S)
    assert process.end(STOP_S) == 0
    assert_alerts(own_line.read("alerts"), expected)
    assert_delivered(own_line, smtp.mails)
