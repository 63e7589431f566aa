"""What was done is proven from the topics, and whatever was changed since is named."""
import json
import os
import pickle
import random
import shutil
import struct
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from support.avro import Avro
from support.kafka import CALL_S, LOG, KafkaServer
from support.line import Line, command, quote, subscription, user
from support.process import Processes
from support.segments import tamper
from support.smtp import SmtpServer
from support.soglia import Soglia
from support.wait import until

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 60
START = 1_760_000_000_000
NAMES = [f"stock:{at}" for at in range(8)]
PEOPLE = ("ada", "bob", "eve")
PLAIN = "--kafka.compression.codec=none"


def ask(line, first, last):
    """Commands of a person: some refused, each given twice, the second time after others."""
    asked = [command("kim", "c0", "RegisterUser", {"email": "kim@example.org"})]
    for at, name in enumerate(NAMES):
        asked.append(command("kim", f"s{at}", "Subscribe", {"subscription_id": f"kim-{at}", "instrument": name, "high": 106.5}))
        asked.append(command("kim", f"t{at}", "ChangeSubscription", {"subscription_id": f"kim-{at + at % 2}", "high": 107.5}))
    asked += [command("kim", "u0", "Unsubscribe", {"subscription_id": "kim-0"}), command("lea", "c0", "DeleteUser"),
              command("lea", "c1", "RegisterUser", {"email": "lea@example.org"}), command("lea", "c2", "DeleteUser")]
    line.give("commands", asked[first:last] * 2)


def fill(line, smtp, quotes=200):
    """A day of an installation: people, changes of mind, quotes by every way in, some of them refused."""
    pick = random.Random(7)
    line.give("users", [user(name) for name in PEOPLE])
    line.give("subscriptions", [subscription(name, stock, low=95, high=105, version=1, notify_cleared=True)
                                for name in PEOPLE for stock in NAMES])
    ask(line, 0, 14)
    line.wait_taken("accounts", "commands", WAIT_S)
    line.wait_taken("notifications", "users", WAIT_S)
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    for at in range(quotes):
        value = quote(pick.choice(NAMES), float(pick.randint(90, 110)), START + at * 1000)
        if at % 4 == 0:
            text = json.dumps({"instrument": value["instrument"], "value": value["value"], "event_time": value["event_time"]})
            line.kafka.produce(f"{line.prefix}quotes.json", [(None, text)])
        else:
            line.give("quotes", [value])
        if at % 50 == 20:
            line.give("subscriptions", [subscription("ada", pick.choice(NAMES), high=100 + at / 100, version=1 + at)])
            line.kafka.produce(f"{line.prefix}quotes.json", [(None, "{broken")])
            line.give("quotes", [quote("stock:0", float("nan"), START)])
    ask(line, 14, None)
    line.wait_taken("accounts", "commands", WAIT_S)
    line.wait_taken("ingest", "quotes.json", WAIT_S)
    # Inside every threshold, so that the last quote of each instrument changes no alert.
    for at, value in enumerate((99.0, 99.5), start=quotes):
        line.give("quotes", [quote(name, value, START + at * 1000) for name in NAMES])
    line.wait_taken("alerts", "quotes", WAIT_S)
    line.wait_taken("notifications", "alerts", WAIT_S)
    wanted = sum(one.value["notify"] for one in line.read("alerts"))
    smtp.wait_for(wanted, WAIT_S)
    line.wait_for("deliveries", wanted, WAIT_S)


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    return Line(soglia, kafka, avro, prefix).apply()


def verify(line, *words, code=0):
    return json.loads(line.soglia.run("audit", "verify", "--json", *words, code=code, timeout_s=120).text)


def test_an_untouched_system_is_equal(line, smtp, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    running = line.soglia.start("run", "all")
    fill(line, smtp)
    assert running.end() == 0
    alerts = line.read("alerts")
    result = verify(line)
    journal = line.read("soglia-journal")
    assert result["equal"] and result["difference"] is None and result["notes"] == []
    assert result["transactions"] == len(journal)
    assert result["alerts"] == len(alerts) > 50
    assert result["attempts"] == len(line.read("deliveries")) > 50
    assert len(line.read("command-results")) == len(line.read("commands")) > 40
    inputs = ("users", "subscriptions", "quotes", "alerts", "commands", "users.json", "subscriptions.json", "quotes.json")
    assert result["records"] == sum(len(line.kafka.read(line.prefix + topic)) for topic in inputs)
    assert list(scratch.iterdir()) == []
    # What accounts wrote is told of like what people wrote.
    of_kim = next(one.value for one in alerts if one.value["user_id"] == "kim")
    told = json.loads(line.soglia.run("audit", "explain", of_kim["alert_id"], "--json").text)
    assert told["subscription"]["record"]["subscription_id"] == of_kim["subscription_id"] and told["quote"]
    shown = line.soglia.run("audit", "as-of", rfc3339(max(one.timestamp for one in journal)), "--view=subscriptions").text
    active = {one.value["subscription_id"]: one.value["active"] for one in line.read("subscriptions") if one.value["user_id"] == "kim"}
    assert len(active) == len(NAMES) and all((name in shown) == is_on for name, is_on in active.items())


class Day:
    """A finished day on a Kafka that stands still: its files, and what was in its topics."""

    TOPICS = ("quotes", "subscriptions", "users", "commands", "command-results", "alerts", "notifications", "deliveries", "soglia-journal")

    def __init__(self, folder):
        self.folder = folder
        self.read = pickle.loads((folder / "read").read_bytes())

    @classmethod
    def live(cls, folder):
        """Lets the day pass, in the folder."""
        kafka = KafkaServer(folder / "kafka")
        processes, smtp = Processes(folder), SmtpServer().start()
        kafka.start()
        try:
            line = line_on(kafka, processes, smtp.url)
            running = line.apply().soglia.start("run", "all", PLAIN)
            fill(line, smtp)
            assert running.end() == 0
            (folder / "read").write_bytes(pickle.dumps({topic: line.read(topic) for topic in cls.TOPICS}))
        finally:
            processes.end()
            smtp.stop()
            kafka.stop()

    def alerts_of_quotes(self):
        """The alerts that quotes decided which no JSON line made, each with its quote."""
        direct = {(one.partition, one.offset): one for one in self.read["quotes"] if one.value["source"] == "test"}
        for alert in self.read["alerts"]:
            cause = alert.value["cause"]
            if cause["topic"] == "quotes" and (cause["partition"], cause["offset"]) in direct:
                yield alert, direct[cause["partition"], cause["offset"]]

    def alert_of_quote(self, **wanted):
        """The first of them with these fields."""
        return next((alert, cause) for alert, cause in self.alerts_of_quotes()
                    if all(alert.value[name] == value for name, value in wanted.items()))


@pytest.fixture
def program_with_another_rule():
    return Path(os.environ.get("SOGLIA_TEST_PROGRAMS", ROOT / "build/dev/tests")) / "soglia_other_rules"


def line_on(kafka, processes, smtp_url="smtp://127.0.0.1:1"):
    return Line(Soglia(processes, kafka.brokers, "", smtp_url), kafka, Avro(kafka, ""), "")


@pytest.fixture(scope="module")
def day(once):
    return Day(once("day", Day.live))


@pytest.fixture
def tampered(day, tmp_path, processes):
    """Changes a copy of the day's files and starts Kafka on it; returns the installation."""
    # Without the port of the day, which another worker may use.
    shutil.copytree(day.folder / "kafka", tmp_path / "kafka", ignore=shutil.ignore_patterns("cluster"))
    server = KafkaServer(tmp_path / "kafka")

    def start(*changes):
        for topic, record, change in changes:
            tamper(server.folder / "node-1/log", topic, record.partition, record.offset, change)
        server.start()
        until(lambda: all_led(server), WAIT_S, "leaders of every partition")
        return line_on(server, processes)
    yield start
    server.stop()


def all_led(server):
    """Whether every partition can be read: what a starting broker says of itself comes earlier."""
    client = Consumer(server.config(group_id="all-led"), logger=LOG)
    try:
        return all(client.get_watermark_offsets(TopicPartition(name, partition), timeout=CALL_S)
                   for name, topic in client.list_topics(timeout=CALL_S).topics.items() for partition in topic.partitions)
    except KafkaException:
        return False
    finally:
        client.close()


def took_record(journal, topic, record):
    """Whether a transaction took this record."""
    for at, position in enumerate(journal["from"]):
        if (position["topic"], position["partition"]) == (topic, record.partition):
            ends = [run["to"] for run in journal["runs"] if run["input"] == at]
            return bool(ends) and position["offset"] <= record.offset < ends[-1]
    return False


def rfc3339(at_ms):
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def double(old, new):
    """A change of a double in the bytes of a record."""
    def change(value):
        assert value.count(struct.pack("<d", old)) == 1
        return value.replace(struct.pack("<d", old), struct.pack("<d", new))
    return change


def text(old, new):
    def change(value):
        assert len(old) == len(new) and old.encode() in value
        return value.replace(old.encode(), new.encode(), 1)
    return change


def remove(_):
    return None


def found(line, topic, record, field, **more):
    result = verify(line, code=1)
    assert not result["equal"]
    difference = result["difference"]
    wanted = {"topic": topic, "partition": record.partition, "offset": record.offset, "field": field, **more}
    assert {name: difference[name] for name in wanted} == wanted, difference
    return difference


def test_the_copy_of_a_day_is_equal(tampered):
    assert verify(tampered())["equal"]


def test_a_quote_that_raised_an_alert(day, tampered):
    alert, cause = day.alert_of_quote(edge="ENTERED", side="HIGH")
    old = cause.value["value"]
    difference = found(tampered(("quotes", cause, double(old, 100.0))), "quotes", cause, "value", there="100", expected=f"{old:g}")
    assert difference["task"] == f"alerts/{cause.partition}"
    assert alert.value["instrument"] == cause.value["instrument"]


def test_a_quote_that_raises_an_alert_now(day, tampered):
    causes = {(one.value["cause"]["partition"], one.value["cause"]["offset"]) for one in day.read["alerts"]}
    quiet = next(one for one in day.read["quotes"] if one.value["source"] == "test" and 96 < one.value["value"] < 104
                 and (one.partition, one.offset) not in causes)
    old = quiet.value["value"]
    found(tampered(("quotes", quiet, double(old, 109.5))), "quotes", quiet, "value", there="109.5", expected=f"{old:g}")


def test_a_quote_that_changes_no_alert(day, tampered):
    """The last one of its instrument, so that the state tells of it."""
    last = {one.value["instrument"]: one for one in day.read["quotes"] if one.value["event_time"] > START}
    causes = {(one.value["cause"]["partition"], one.value["cause"]["offset"]) for one in day.read["alerts"]}
    quiet = next(one for one in last.values() if (one.partition, one.offset) not in causes)
    old = quiet.value["value"]
    found(tampered(("quotes", quiet, double(old, old + 0.125))), "quotes", quiet, "value", there=f"{old + 0.125:g}", expected=f"{old:g}")


def test_a_threshold(day, tampered):
    changed = next(one for one in day.read["subscriptions"] if one.value["version"] == 1 and one.value["high"] == 105.0)
    found(tampered(("subscriptions", changed, double(105.0, 104.5))), "subscriptions", changed, "high", there="104.5", expected="105")


def test_a_quote_that_ingest_wrote(day, tampered):
    made = next(one for one in day.read["quotes"] if one.value["source"] == "kcat")
    old = made.value["value"]
    line = tampered(("quotes", made, double(old, 100.25)))
    result = verify(line, "--processor=ingest", code=1)["difference"]
    assert (result["topic"], result["partition"], result["offset"], result["field"]) == ("quotes", made.partition, made.offset, "value")
    assert (result["there"], result["expected"]) == ("100.25", f"{old:g}")


def test_a_command(day, tampered):
    """It asked for something else: the answer, and what was written, are not those of it."""
    asked = next(one for one in day.read["commands"] if one.value["command_id"] == "t0")
    line = tampered(("commands", asked, double(107.5, 106.0)))
    difference = verify(line, code=1)["difference"]
    assert (difference["task"], difference["topic"]) == (f"accounts/{asked.partition}", "subscriptions"), difference


def test_a_changed_answer(day, tampered):
    answer = next(one for one in day.read["command-results"] if one.value["command_id"] == "c0" and one.value["user_id"] == "kim")
    line = tampered(("command-results", answer, text("kim@example.org", "tim@example.org")))
    difference = verify(line, "--processor=accounts", code=1)["difference"]
    assert (difference["topic"], difference["partition"], difference["offset"]) == ("command-results", answer.partition, answer.offset)


def test_an_answer_of_nothing(day, tampered):
    line = tampered()
    answer = next(one for one in day.read["command-results"] if one.value["status"] == "REFUSED")
    place, = line.kafka.produce("command-results", [replace(answer, value=line.avro.encode("command-results", answer.value))])
    found(line, "command-results", place, None, task=None)


def test_a_changed_alert(day, tampered):
    alert, _ = day.alert_of_quote(edge="ENTERED", side="LOW")
    line = tampered(("alerts", alert, text(f"\x06{alert.value['user_id']}\x0e", "\x06zed\x0e")))
    result = verify(line, code=1)["difference"]
    assert (result["topic"], result["partition"], result["offset"], result["field"]) == ("alerts", alert.partition, alert.offset, "user_id")


@pytest.mark.parametrize("processor", ["alerts", None])
def test_a_removed_alert(day, tampered, processor):
    alert, _ = day.alert_of_quote(edge="ENTERED")
    line = tampered(("alerts", alert, remove))
    left = [one for one in day.read["alerts"] if one.partition == alert.partition and one.offset != alert.offset]
    before = max((one.offset for one in left if one.offset < alert.offset), default=-1)
    difference = verify(line, *[f"--processor={processor}"] if processor else [], code=1)["difference"]
    assert (difference["topic"], difference["partition"]) == ("alerts", alert.partition)
    assert before < difference["offset"] <= alert.offset, difference
    assert "not there any more" in difference["what"]


@pytest.mark.parametrize("is_twin", [False, True])
def test_an_extra_alert(day, tampered, is_twin):
    """A made-up alert, and one that is there twice."""
    line = tampered()
    alert, _ = day.alert_of_quote(edge="ENTERED")
    value = alert.value if is_twin else {**alert.value, "alert_id": "0" * 32}
    place, = line.give("alerts", [value], timestamp=alert.timestamp, partition=alert.partition)
    difference = found(line, "alerts", place, None, task=None)
    assert "by no transaction" in difference["what"] and json.loads(difference["there"]) == value


def test_a_broken_chain(day, tampered):
    records = day.read["soglia-journal"]
    first = next(one for one in records if one.value["task"].startswith("alerts/") and one.value["sequence"] == 3)
    after = next(one for one in records if one.value["task"] == first.value["task"] and one.value["sequence"] == 4)
    program = first.value["program"]
    line = tampered(("soglia-journal", first, text(program, "9" + program[1:])))
    difference = found(line, "soglia-journal", after, "previous")
    assert difference["there"] == after.value["previous"] and difference["sequence"] == 4


def test_a_removed_transaction(day, tampered):
    records = day.read["soglia-journal"]
    gone = next(one for one in records if one.value["task"].startswith("deliver/") and one.value["sequence"] == 2)
    after = next(one for one in records if one.value["task"] == gone.value["task"] and one.value["sequence"] == 3)
    found(tampered(("soglia-journal", gone, remove)), "soglia-journal", after, "sequence", there="3", expected="2")


def test_a_changed_delivery(day, tampered):
    sent = next(one for one in day.read["deliveries"] if one.value["outcome"] == "SENT")
    line = tampered(("deliveries", sent, text(sent.value["reply"], "9" * len(sent.value["reply"]))))
    difference = verify(line, code=1)["difference"]
    assert (difference["topic"], difference["partition"]) == ("deliveries", sent.partition)
    assert difference["offset"] <= sent.offset and "not those that it wrote" in difference["what"]


def test_a_delivery_of_nothing(day, tampered):
    line = tampered()
    sent = next(one for one in day.read["deliveries"] if one.value["outcome"] == "SENT")
    place, = line.give("deliveries", [sent.value], timestamp=sent.timestamp)
    found(line, "deliveries", place, None, task=None)


def test_a_program_with_another_rule(day, tampered, program_with_another_rule):
    """It asks for a unit more above a high threshold: the alert that was raised within it is one that it would not raise."""
    line = tampered()
    line.soglia.program = program_with_another_rule
    difference = verify(line, code=1)["difference"]
    alert = next(one for one in day.read["alerts"]
                 if (one.partition, one.offset) == (difference["partition"], difference["offset"]))
    assert difference["topic"] == "alerts"
    # Another one, if the fold's next alert is of the same task.
    assert any(words in difference["what"] for words in ("the fold does not make it", "the fold makes another one"))
    assert json.loads(difference["there"]) == (alert.value[difference["field"]] if difference["field"] else alert.value)
    assert alert.value["threshold"] < alert.value["value"] <= alert.value["threshold"] + 1


def test_transactions_of_one_moment_are_told_apart(line, program_with_another_rule):
    """What the second wrote of an instrument, stamped with the same time, is no evidence against the first."""
    running = line.soglia.start("run", "alerts")
    line.give("subscriptions", [subscription("ada", "stock:0", high=105)])
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    for at, value in enumerate((100.0, 105.5, 100.0, 99.0)):
        line.give("quotes", [quote("stock:0", value, START + at)], timestamp=START + 1000)
        line.wait_taken("alerts", "quotes", WAIT_S)
    assert running.end() == 0
    assert verify(line)["equal"]
    line.soglia.program = program_with_another_rule
    difference = verify(line, code=1)["difference"]
    assert difference["topic"] == "alerts"
    # Another one, if the fold's next alert is of the same task.
    assert any(words in difference["what"] for words in ("the fold does not make it", "the fold makes another one"))


def test_it_runs_beside_a_system_at_work(line, smtp):
    """Each time it is equal up to where it began, and quotes go on meanwhile."""
    line.soglia.start("run", "all")
    line.give("users", [user(name) for name in PEOPLE])
    line.give("subscriptions", [subscription(name, stock, low=95, high=105) for name in PEOPLE for stock in NAMES])
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    pick, at, seen = random.Random(3), 0, []
    for _ in range(3):
        verifying = line.soglia.start("audit", "verify", "--json")
        while verifying.running:
            at += 1
            line.give("quotes", [quote(pick.choice(NAMES), float(pick.randint(90, 110)), START + at)])
        assert verifying.code == 0, verifying.tail()
        seen.append(json.loads(verifying.stdout_path.read_text()))
    assert all(one["equal"] for one in seen) and seen[-1]["records"] > seen[0]["records"]
    assert seen[-1]["alerts"] > 0


def test_a_span(day, tampered):
    """What lies outside is folded and not counted; a difference behind the end of the span is not told."""
    alert, cause = next((one, found) for one, found in day.alerts_of_quotes() if one.value["edge"] == "ENTERED")
    last = max(one.value["stream_time"] for one in day.read["soglia-journal"])
    line = tampered(("quotes", cause, double(cause.value["value"], 100.0)))
    took = next(one for one in day.read["soglia-journal"] if took_record(one.value, "quotes", cause))
    before = took.value["stream_time"] - 1
    whole = [one for one in day.read["soglia-journal"] if one.value["stream_time"] <= before]
    assert verify(line, f"--to={rfc3339(before)}")["transactions"] == len(whole)
    sequence = took.value["sequence"]
    assert verify(line, f"--to={sequence - 1}", "--processor=alerts")["equal"]
    assert verify(line, f"--to={sequence}", "--processor=alerts", code=1)["difference"]["sequence"] == sequence
    result = verify(line, f"--from={rfc3339(last)}", f"--to={rfc3339(before)}")
    assert result["transactions"] == result["outputs"] == 0 and result["records"] > 0
    assert alert.value["cause"]["offset"] == cause.offset


def test_inputs_that_are_gone(day, tampered):
    """With the first quotes deleted the chain is verified, and it is said why the rest is not."""
    line = tampered()
    admin = line.kafka.admin  # It must outlive the answer.
    for deleted in admin.delete_records([TopicPartition("quotes", 0, 5)]).values():
        deleted.result(CALL_S)
    result = verify(line)
    assert "alerts/0: quotes/0 is kept from offset 5 on only, so only the chain is verified, not outputs and state" in result["notes"]
    assert result["transactions"] == len(day.read["soglia-journal"])
    assert 0 < result["alerts"] < len(day.read["alerts"])


@pytest.mark.parametrize("words", [["--from=x"], ["--to=-3"], ["--to=end"], ["--processor=alrts"], ["more"], ["--unknown=1"]])
def test_wrong_words_are_usage_errors(soglia, words):
    said = soglia.run("audit", "verify", *words, code=2).stderr.decode()
    assert said.startswith("soglia: ") and ("alerts" in said or "alrts" not in words[0])
