"""An hour of bad luck: no room on the disk, topics deleted, a stop at a bad moment."""
import json
import re
import shutil
import signal
import time

import pytest

from support.line import Line, assert_alerts, quote, subscription
from support.wait import until

WAIT_S = 90
STOP_S = 5
TOLD_S = 60
MANY = 100_000
# A limit on the size of files cuts a write short as a full disk does. Without the trap it would be a signal.
LIMITED = ["sh", "-c", 'trap "" XFSZ; ulimit -f "$0"; exec "$@"']
BLOCKS = 2048  # Of 512 bytes.


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    return Line(soglia, kafka, avro, prefix).apply()


def reasons(process):
    """The lines of a process that are for people."""
    return [text for text in process.stderr_path.read_text().splitlines() if text.startswith("soglia: ")]


def toggle(line, instruments, first, count):
    line.give("quotes", [quote(f"stock:{at % instruments}", 100 + at // instruments % 2, at)
                         for at in range(first, first + count)])


def many(line, count):
    """Subscriptions of one instrument."""
    lines = (json.dumps({"subscription_id": f"s{at}", "user_id": f"u{at % 1000}", "instrument": "stock:A",
                         "high": 100.5, "active": True, "version": 1, "changed_at": 0}) for at in range(count))
    line.soglia.run("produce", "subscriptions", stdin="\n".join(lines).encode(), timeout_s=WAIT_S)


def test_no_room_for_state_is_one_line_and_loses_nothing(line, soglia, processes):
    limited = processes.start("limited", [*LIMITED, str(BLOCKS), soglia.program, "run", "alerts"], soglia.env)
    line.give("subscriptions", [subscription(f"user-{at}", f"stock:{at % 100}", high=100.5, label="x" * 200)
                                for at in range(20_000)])
    toggle(line, 100, 0, 1000)
    assert limited.wait(WAIT_S) == 1
    said, = reasons(limited)
    assert "the file cannot be written" in said and "KiB are free" in said

    process = soglia.start("run", "alerts")
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    line.wait_taken("alerts", "quotes", WAIT_S)
    assert process.end(STOP_S) == 0
    expected = line.expected_alerts()
    assert len(expected) > 20_000
    assert_alerts(line.read("alerts"), expected)


def test_one_quote_for_everybody_is_one_transaction(line, soglia):
    """It fires all alerts of an instrument; killed in the middle, it fires them once."""
    many(line, MANY)
    process = soglia.start("run", "alerts")
    line.give("quotes", [quote("stock:A", 100, 1)])
    line.wait_taken("alerts", "quotes", WAIT_S)
    line.give("quotes", [quote("stock:A", 101, 2)])
    until(lambda: line.kafka.read(line.prefix + "alerts", "read_uncommitted"), WAIT_S, "the first alerts to be sent")
    process.kill9()
    process = soglia.start("run", "alerts")
    line.wait_taken("alerts", "quotes", WAIT_S)
    assert process.end(STOP_S) == 0
    expected = line.expected_alerts()
    assert len(expected) == MANY
    assert_alerts(line.read("alerts"), expected)


def test_a_stop_in_a_restore_is_in_order_and_keeps_what_was_restored(line, soglia):
    many(line, MANY)
    process = soglia.start("run", "alerts")
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    assert process.end(STOP_S) == 0
    shutil.rmtree(soglia.state)

    process = soglia.start("run", "alerts", "--kafka.prefetch_bytes=1MiB")
    until(lambda: "restoring state" in process.stderr_path.read_text(), WAIT_S, "a restore")
    started = time.monotonic()
    process.send(signal.SIGTERM)
    assert process.wait() == 0
    assert time.monotonic() - started < STOP_S
    assert not reasons(process)

    process = soglia.start("run", "alerts")
    line.give("quotes", [quote("stock:A", 100, 1), quote("stock:A", 101, 2)])
    line.wait_taken("alerts", "quotes", WAIT_S)
    assert process.end(STOP_S) == 0
    assert len(line.read("alerts")) == MANY


def delete_topic(line, topic):
    admin = line.kafka.admin
    admin.delete_topics([line.prefix + topic])[line.prefix + topic].result(WAIT_S)
    until(lambda: not line.kafka.has_topic(line.prefix + topic), WAIT_S, f"the end of {topic}")


def aborts(soglia):
    found = re.search(r'^soglia_aborts_total{processor="alerts"} (\d+)$', soglia.get("/metrics").text, re.M)
    return int(found[1]) if found else 0


def test_a_deleted_output_is_waited_for_without_haste(line, soglia):
    soglia.settings["metrics.listen"] = soglia.listen
    # By the order of a hash table in the broker a transaction fails at once, or by its time-out.
    process = soglia.start("run", "alerts", "--kafka.transaction_timeout=6s")
    line.give("subscriptions", [subscription("ada", "stock:A", high=100.5)])
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    delete_topic(line, "alerts")
    line.give("quotes", [quote("stock:A", 101, 1)])
    until(lambda: aborts(soglia), WAIT_S, "a transaction that fails")
    first, started = aborts(soglia), time.monotonic()
    until(lambda: aborts(soglia) >= first + 4, WAIT_S, "more of them")
    took_s = time.monotonic() - started
    assert took_s > 1
    said = process.stderr_path.read_text()
    assert 1 <= said.count("going back to the last commit") <= 1 + took_s // TOLD_S
    assert '"level":"error"' not in said
    soglia.run("topics", "apply")
    line.wait_taken("alerts", "quotes", WAIT_S)
    assert process.end(STOP_S) == 0
    alert, = line.read("alerts")
    assert alert.value["value"] == 101


def test_a_deleted_input_ends_the_process(line, soglia):
    """librdkafka never closes a consumer of such a topic; the process ends all the same."""
    process = soglia.start("run", "all")
    soglia.wait_ready(process)
    delete_topic(line, "quotes")
    assert process.wait(WAIT_S) == 1
    assert "quotes is not there: run `soglia topics apply`" in process.stderr_path.read_text()
