"""The journal, judged from the topics alone by a reader that shares nothing with its writer: hashlib, fastavro,
confluent-kafka. docs/guarantees.md says how each hash is made; this is the same in Python."""
import hashlib
import shutil
import struct
from collections import defaultdict

import pytest

from support.avro import HEADER_BYTES
from support.kafka import Record
from support.line import Line, quote, subscription, user

WAIT_S = 60
START_MS = 1_700_000_000_000
INSTRUMENTS = [f"stock:{at}" for at in range(12)]
ROUNDS = 3
OUTCOMES = -1
STORES = {"alerts": ["instruments", "subscriptions"], "notifications": ["users"], "deliver": ["outbox", "endpoints"], "ingest": []}


def blake2b(data):
    return hashlib.blake2b(data, digest_size=32)


def sized(data):
    """Bytes with their length before them; nothing at all is told from an empty text."""
    return b"\xff\xff\xff\xff" if data is None else struct.pack(">I", len(data)) + data


def output_bytes(record):
    """What of a record goes into the hash of its topic."""
    headers = [(name, value) for name, value in record.headers or () if name != "soglia-at"]
    return (struct.pack(">q", record.timestamp) + sized(record.key) + sized(record.value)
            + struct.pack(">I", len(headers))
            + b"".join(sized(name.encode()) + sized(value) for name, value in headers))


def content_hash(entries):
    """The hash of a store that holds these entries."""
    total = sum(int.from_bytes(blake2b(struct.pack(">I", len(key)) + key + value).digest(), "little")
                for key, value in entries.items())
    return (total % 2**256).to_bytes(32, "little").hex()


class Journal:
    """The chains of all tasks, followed from their beginnings; a broken one fails."""

    def __init__(self, line):
        self.line = line
        self.tasks = defaultdict(list)
        digests = defaultdict(str)
        for record in line.kafka.read(f"{line.prefix}soglia-journal"):
            value = line.avro.decode(record.value)
            task = value["task"]
            assert record.key.decode() == task
            assert record.timestamp == value["stream_time"]
            assert value["sequence"] == len(self.tasks[task]) + 1, f"{task} has a gap or a repetition"
            assert value["previous"] == digests[task], f"{task}, record {value['sequence']} breaks the chain"
            digests[task] = blake2b(record.value[HEADER_BYTES:]).hexdigest()
            self.tasks[task].append(value)

    def causes(self, task):
        """The transaction and the place in it of every input position: (topic, partition) to runs of offsets."""
        taken = defaultdict(list)
        for at, value in enumerate(self.tasks[task]):
            position = [one["offset"] for one in value["from"]]
            for place, run in enumerate(value["runs"]):
                if run["input"] == OUTCOMES:
                    continue
                source = value["from"][run["input"]]
                assert run["to"] > position[run["input"]]
                taken[source["topic"], source["partition"]].append((position[run["input"]], run["to"], at, place))
                position[run["input"]] = run["to"]
        return taken

    def assert_inputs_are_whole(self, task):
        """Every record of every input is in exactly one run."""
        for (topic, partition), runs in self.causes(task).items():
            for earlier, later in zip(runs, runs[1:]):
                assert earlier[1] == later[0], f"{task}: {topic} {partition} was left at {earlier[1]}, taken up at {later[0]}"
            offsets = [one.offset for one in self.line.kafka.read(self.line.prefix + topic) if one.partition == partition]
            assert runs[0][0] <= offsets[0] and runs[-1][1] == offsets[-1] + 1

    def outputs(self, topic):
        """Counts and hashes as the journal has them: (task, transaction) to both."""
        return {(task, at): (one["records"], one["hash"]) for task, values in self.tasks.items()
                for at, value in enumerate(values) for one in value["outputs"] if one["topic"] == topic}

    def hashed_again(self, topic, origin_of):
        """The same from the records of a topic. `origin_of(record)` is its task and the position that caused it."""
        found = defaultdict(list)
        for record in self.line.kafka.read(self.line.prefix + topic):
            task, source, offset = origin_of(record)
            [(at, place)] = [(at, place) for start, to, at, place in self.causes(task)[source] if start <= offset < to]
            found[task, at].append(((place, offset, record.partition, record.offset), record))
        again = {}
        for key, records in found.items():
            data = b"".join(output_bytes(record) for _, record in sorted(records, key=lambda one: one[0]))
            again[key] = (len(records), blake2b(data).hexdigest())
        return again

    def assert_states(self):
        """The last record of each task has the hash of what its changelogs hold."""
        for task, values in self.tasks.items():
            processor, partition = task.split("/")
            assert [one["store"] for one in values[-1]["state"]] == STORES[processor]
            for one in values[-1]["state"]:
                entries = {}
                for record in self.line.kafka.read(f"{self.line.prefix}soglia-{processor}-{one['store']}-changelog"):
                    if record.partition == int(partition):
                        entries[record.key] = record.value
                entries = {key: value for key, value in entries.items() if value is not None}
                assert one["hash"] == content_hash(entries), f"{task}, store {one['store']}"


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    return Line(soglia, kafka, avro, prefix).apply()


def alert_origin(line):
    """Where an alert comes from. The alerts of one cause go to one user here, so they have one order."""
    def origin(record):
        cause = line.avro.decode(record.value)["cause"]
        return f"alerts/{cause['partition']}", (cause["topic"], cause["partition"]), cause["offset"]
    return origin


def letter_origin(record):
    """Where a dead letter comes from: its headers say it."""
    headers = {name: value.decode() for name, value in record.headers}
    source = (headers["soglia-topic"], int(headers["soglia-partition"]))
    return f"{headers['soglia-by']}/{source[1]}", source, int(headers["soglia-offset"])


def give_round(line, number):
    """Quotes that cross thresholds to and fro, one that is refused, lines for ingest that are good and bad."""
    start = START_MS + number * 1000
    value = 200 if number % 2 == 0 else 50
    line.give("quotes", [quote(name, value + at, start + at) for at, name in enumerate(INSTRUMENTS)])
    line.kafka.produce(line.prefix + "quotes", [Record("stock:0", b"no record"), Record("stock:1", b"no record either")])
    line.kafka.produce(line.prefix + "quotes.json", [
        Record(None, f'{{"instrument":"stock:J","value":{value}}}'), Record(None, "no JSON"), Record(None, None)])


def take_round(line):
    for processor, topic in (("ingest", "quotes.json"), ("alerts", "quotes"), ("notifications", "alerts"),
                             ("deliver", "notifications")):
        line.wait_taken(processor, topic, WAIT_S)


def wait_delivered(line):
    line.wait_for("deliveries", len(line.read("notifications")), WAIT_S)


def run_line(line, rounds):
    process = line.soglia.start("run", "all")
    line.soglia.wait_ready(process)
    for number in rounds:
        give_round(line, number)
        take_round(line)
    wait_delivered(line)
    return process


def test_anybody_can_check_the_journal(line):
    """Through kill -9 and the loss of the state folder, the journal is one chain that agrees with every topic."""
    line.give("users", [user(f"u{at}") for at in range(len(INSTRUMENTS))])
    line.give("subscriptions", [subscription(f"u{at}", name, high=100 + more, notify_cleared=True, subscription_id=f"{at}-{more}")
                                for at, name in enumerate(INSTRUMENTS) for more in range(3)])
    run_line(line, range(0, ROUNDS)).kill9()
    shutil.rmtree(line.soglia.state)
    run_line(line, range(ROUNDS, 2 * ROUNDS)).end()

    journal = Journal(line)
    assert {task.split("/")[0] for task in journal.tasks} == set(STORES)
    assert max(len(values) for values in journal.tasks.values()) >= 2 * ROUNDS
    for task in journal.tasks:
        journal.assert_inputs_are_whole(task)
    alerts = journal.outputs("alerts")
    assert sum(records for records, _ in alerts.values()) >= 3 * ROUNDS * len(INSTRUMENTS)
    assert alerts == journal.hashed_again("alerts", alert_origin(line))
    letters = journal.outputs("dead-letters")
    assert sum(records for records, _ in letters.values()) == 2 * ROUNDS * 4
    assert letters == journal.hashed_again("dead-letters", letter_origin)
    journal.assert_states()
    outcomes = sum(value["outcomes"] for values in journal.tasks.values() for value in values)
    assert outcomes == len(line.read("deliveries")) >= len(alerts)
    for topic in ("notifications", "deliveries", "quotes"):
        written = sum(records for records, _ in journal.outputs(topic).values())
        others = 2 * ROUNDS * len(INSTRUMENTS) + 2 * ROUNDS * 2 if topic == "quotes" else 0
        assert written + others == len(line.kafka.read(line.prefix + topic))


def test_a_change_behind_its_back_is_seen(line):
    """An alert more, an entry of a changelog changed: what the journal says does not agree any more."""
    line.give("subscriptions", [subscription("u0", INSTRUMENTS[0], high=100)])
    line.give("quotes", [quote(INSTRUMENTS[0], 200, START_MS)])
    process = line.soglia.start("run", "alerts")
    line.wait_taken("alerts", "quotes", WAIT_S)
    process.end()
    journal = Journal(line)
    assert journal.outputs("alerts") == journal.hashed_again("alerts", alert_origin(line))
    journal.assert_states()

    [alert] = line.kafka.read(line.prefix + "alerts")
    line.kafka.produce(line.prefix + "alerts", [Record(alert.key, alert.value, timestamp=alert.timestamp)])
    assert journal.outputs("alerts") != journal.hashed_again("alerts", alert_origin(line))
    changelog = f"{line.prefix}soglia-alerts-subscriptions-changelog"
    entry = line.kafka.read(changelog)[-1]
    line.kafka.produce(changelog, [Record(entry.key, entry.value[:-1] + b"\x7f", partition=entry.partition)])
    with pytest.raises(AssertionError, match="store subscriptions"):
        journal.assert_states()
