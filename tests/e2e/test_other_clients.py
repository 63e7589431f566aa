"""What soglia writes is plain Kafka: librdkafka in Python and Kafka's own Java tools read all of it, and agree."""
import json
import time
from collections import Counter

import pytest

from support.avro import parse
from support.kafka import Record
from support.line import KEYS, Line

WAIT_S = 40
NOW = int(time.time() * 1000)
USERS = [f"{name}{at}" for at in range(10) for name in ("ada", "édith", "志乃", "עדה", "🦉")]
KINDS = ("stock", "fx:EUR/città", "airport:東京", "metric", "🦉")
INSTRUMENTS = [f"{kind}:{at}" for at in range(40) for kind in KINDS]
AVRO = list(KEYS)


def lines(values):
    """JSON records, each at a moment of its own, the users and subscriptions first."""
    return [Record(None, json.dumps(value), timestamp=NOW + at) for at, value in values]


def fill(line):
    """Every user has a threshold on every fifth instrument, and every instrument passes it."""
    users = [{"user_id": name, "email": f"user{at}@example.org"} for at, name in enumerate(USERS)]
    subscriptions = [{"user_id": USERS[at % len(USERS)], "instrument": name, "high": 5}
                     for at, name in enumerate(INSTRUMENTS)]
    quotes = [{"instrument": name, "value": value} for value in (4, 6) for name in INSTRUMENTS]
    given = {}
    for first, topic, values in ((0, "users", users), (1000, "subscriptions", subscriptions), (2000, "quotes", quotes)):
        given[topic] = lines(enumerate(values, first))
        line.kafka.produce(f"{line.prefix}{topic}.json", given[topic])
        # The system runs: what comes later by its timestamps comes later in truth too.
        line.wait_taken("ingest", f"{topic}.json")
        if topic == "subscriptions":
            line.wait_taken("alerts", topic)
    line.kafka.produce(f"{line.prefix}quotes.json", [Record("stock:1", "oops", timestamp=NOW)])
    return given


def java_places(line, keys):
    """The partition of each key, by Kafka's own producer."""
    topic = f"{line.prefix}java"
    line.kafka.create_topic(topic)
    line.kafka.run_tool("ConsoleProducer", "--topic", topic, "--reader-property", "parse.key=true",
                        "--reader-property", "key.separator=\t", stdin="".join(f"{key}\t1\n" for key in keys).encode())
    return {record.key.decode(): record.partition for record in line.kafka.read(topic)}


def java_reads(line, count):
    """(partition, offset, timestamp, key) of every record under the prefix, by Kafka's own console consumer."""
    printed = line.kafka.run_tool(
        "consumer.ConsoleConsumer", "--include", f"{line.prefix}.*", "--from-beginning", "--isolation-level",
        "read_committed", "--max-messages", str(count + 1), "--timeout-ms", "5000",
        *(word for name in ("partition", "offset", "timestamp", "key", "value")
          for word in ("--formatter-property", f"print.{name}={'false' if name == 'value' else 'true'}")))
    read = Counter()
    for row in printed.splitlines():
        if row.startswith("CreateTime:"):
            timestamp, partition, offset, key = row.split("\t", 3)
            read[int(partition.partition(":")[2]), int(offset.partition(":")[2]),
                 int(timestamp.partition(":")[2]), key] += 1
    return read


@pytest.mark.usefixtures("usual_partitions")
def test_everybody_reads_and_places_alike(soglia, kafka, avro, prefix, smtp):
    line = Line(soglia, kafka, avro, prefix).apply()
    process = soglia.start("run", "all")
    soglia.wait_ready(process)
    given = fill(line)
    line.wait_for("deliveries", len(INSTRUMENTS), WAIT_S)
    topics = {topic: kafka.read(prefix + topic) for topic in AVRO}
    assert_registry(line, topics)
    assert process.end() == 0
    assert {topic: len(records) for topic, records in topics.items()} == {
        "users": len(USERS), "subscriptions": len(INSTRUMENTS), "quotes": 2 * len(INSTRUMENTS),
        "alerts": len(INSTRUMENTS), "notifications": len(INSTRUMENTS), "deliveries": len(INSTRUMENTS),
        "commands": 0, "command-results": 0}
    letter, = kafka.read(f"{prefix}dead-letters")
    assert (letter.key, letter.value, letter.timestamp) == (b"stock:1", b"oops", NOW)

    keys = {record.key.decode() for records in topics.values() for record in records}
    assert keys == {*USERS, *INSTRUMENTS} and len(keys) > 200
    places = java_places(line, sorted(keys))
    for topic, records in topics.items():
        assert {record.key.decode(): record.partition for record in records} == {
            record.key.decode(): places[record.key.decode()] for record in records}, topic
        for record in records:
            assert line.avro.decode(record.value)[KEYS[topic]] == record.key.decode()

    assert_timestamps(line, given, topics)
    assert_java_reads_the_same(line)
    assert len(smtp.mails) == len(INSTRUMENTS)


def assert_registry(line, topics):
    """The schema of every id in use is in _schemas, and the same over HTTP."""
    for topic, records in topics.items():
        for schema_id in {int.from_bytes(record.value[1:5], "big") for record in records}:
            answer = line.soglia.get(f"/registry/schemas/ids/{schema_id}")
            assert answer.status_code == 200, (topic, schema_id)
            assert parse(answer.json()["schema"]) == line.avro.schema(schema_id)
        subject = f"{line.prefix}{topic}-value"
        assert subject in line.soglia.get("/registry/subjects").json()
        latest = line.soglia.get(f"/registry/subjects/{subject}/versions/latest").json()
        assert latest["id"] == line.avro.schema_id(topic)


def assert_timestamps(line, given, topics):
    """An output has the record timestamp of the input that caused it, all the way down."""
    decoded = {topic: [(record, line.avro.decode(record.value)) for record in records]
               for topic, records in topics.items()}
    for topic, records in given.items():
        assert sorted(record.timestamp for record, _ in decoded[topic]) == [record.timestamp for record in records]
        field = "event_time" if topic == "quotes" else "changed_at"
        assert all(value[field] == record.timestamp for record, value in decoded[topic])
    at = {(record.partition, record.offset): record.timestamp for record in topics["quotes"]}
    alerts = {}
    for record, value in decoded["alerts"]:
        assert value["cause"]["topic"] == "quotes"
        assert record.timestamp == at[value["cause"]["partition"], value["cause"]["offset"]]
        alerts[value["alert_id"]] = record.timestamp
    for record, value in decoded["notifications"]:
        assert record.timestamp == value["created_at"] == alerts[value["alert_ids"][0]]
    assert all(record.timestamp == value["at"] for record, value in decoded["deliveries"])


def assert_java_reads_the_same(line):
    names = [name for name in line.kafka.admin.list_topics().topics if name.startswith(line.prefix)]
    ours = Counter((record.partition, record.offset, record.timestamp, (record.key or b"null").decode(errors="replace"))
                   for name in names for record in line.kafka.read(name))
    theirs = java_reads(line, sum(ours.values()))
    assert theirs - ours == ours - theirs == Counter()
