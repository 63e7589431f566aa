"""State and records that an older program left behind, or a newer one: today's goes on from them."""
import json
import random
import shutil
from collections import Counter

import pytest

from support.avro import SCHEMAS, Avro, frame, parse
from support.kafka import Record
from support.line import KEYS, Line, assert_alerts, quote, subscription, user
from support.wait import until

WAIT_S = 60
STOP_S = 5
ROLES = (("run", "alerts"), ("run", "notifications"), ("deliver",))
NAMES = [f"user-{at}" for at in range(6)]
INSTRUMENTS = [f"stock:{at}" for at in range(12)]
BUSY = "451 4.3.0 come back later"

RECORDS = {"quotes": "Quote", "subscriptions": "Subscription", "users": "User",
           "soglia-alerts-instruments-changelog": "InstrumentState",
           "soglia-alerts-subscriptions-changelog": "SubscriptionState",
           "soglia-notifications-users-changelog": "User", "soglia-deliver-outbox-changelog": "OutboxEntry"}
# By record: what a former version had not yet. Only what has a default may be added to a schema.
NOT_YET = {"InstrumentState": {"late_count"}, "SideState": {"suppressed", "paused"}, "OutboxEntry": {"first_attempt_at"},
           "User": {"password_hash"}, "Quote": {"unit"}, "Subscription": {"label", "paused_until"}, "Notification": {"body_html"}}
SOME_DAY = {"name": "some_day", "type": {"type": "array", "items": "string"}, "default": ["not known today"]}


def older(record):
    return [field for field in record["fields"] if field["name"] not in NOT_YET.get(record["name"], ())]


def newer(record):
    return [*record["fields"], SOME_DAY]


def changed(schema, change, left):
    """The schema in one piece, with the fields that `change` gives to each record in it.

    `left` has the records that are not in it yet, by name; those that it refers to are taken out.
    """
    if isinstance(schema, str):
        name = schema.rpartition(".")[2]
        return changed(left.pop(name), change, left) if name in left else schema
    if isinstance(schema, list):
        return [changed(branch, change, left) for branch in schema]
    record = {**schema, "fields": change(schema)} if "fields" in schema else schema
    return {key: changed(value, change, left) if key in ("type", "items", "fields") else value
            for key, value in record.items()}


def records():
    """What the files of schemas/avro define, by name."""
    found = (json.loads(path.read_text()) for path in SCHEMAS.rglob("*.avsc"))
    return {record["name"]: record for record in found}


class Version:
    """Another version of every schema, registered before today's or after it."""

    def __init__(self, prefix, change, number):
        self._prefix, self._number = prefix, number
        self._texts = {topic: json.dumps(changed(name, change, records())) for topic, name in RECORDS.items()}
        self._ids = {topic: 100 + at for at, topic in enumerate(RECORDS)}
        self._schemas = {topic: parse(text) for topic, text in self._texts.items()}

    def register(self, kafka):
        written = []
        for topic, text in self._texts.items():
            subject = {"subject": f"{self._prefix}{topic}-value", "version": self._number}
            written.append((json.dumps({"keytype": "SCHEMA", **subject, "magic": 1}),
                            json.dumps({**subject, "id": self._ids[topic], "schema": text, "deleted": False})))
        kafka.produce(f"{self._prefix}_schemas", written)

    def encode(self, topic, value):
        return frame(self._ids[topic], self._schemas[topic], value)


@pytest.fixture(params=[older, newer])
def version(request, soglia, kafka, prefix):
    """The installation with today's schemas beside those of the other version."""
    first = request.param is older
    other = Version(prefix, request.param, 1 if first else 2)
    if first:
        kafka.create_topic(f"{prefix}_schemas", 1, cleanup_policy="compact", max_message_bytes=16 << 20)
        other.register(kafka)
    soglia.run("topics", "apply")
    if not first:
        other.register(kafka)
    return other


class Upgrade(Line):
    """Gives its input in the other version."""

    def __init__(self, soglia, kafka, prefix, version):
        super().__init__(soglia, kafka, Avro(kafka, prefix), prefix)
        self.version, self.processes = version, []
        self.dice, self.now = random.Random(3), 0

    def encode(self, topic, value, **more):
        return Record(value[KEYS[topic]], self.version.encode(topic, value), **more)

    def start(self):
        self.processes = [self.soglia.start(*words) for words in ROLES]

    def walk(self, count):
        """Gives so many quotes, some of them late, and waits until they are taken."""
        quotes = []
        for _ in range(count):
            self.now += 1000
            late = 30_000 if self.dice.random() < 0.1 else 0
            quotes.append(quote(self.dice.choice(INSTRUMENTS), self.dice.uniform(92, 108), max(self.now - late, 0)))
        self.give("quotes", quotes)
        self.wait_taken("alerts", "quotes", WAIT_S)

    def sent(self):
        return Counter(one.value["notification_id"] for one in self.read("deliveries") if one.value["outcome"] == "SENT")

    def wait_sent(self, users):
        """Waits until every notification of these users is sent, each once."""
        self.wait_taken("notifications", "alerts", WAIT_S)
        wanted = {one.value["notification_id"] for one in self.read("notifications") if one.value["user_id"] in users}
        until(lambda: self.sent().keys() >= wanted, WAIT_S, "every mail to be sent")
        assert set(self.sent().values()) == {1}

    def rewrite(self, topic):
        """Writes what a changelog stands for once more, in the other version; returns how many values."""
        last = {(record.partition, record.key): record.value for record in self.read(topic)}
        values = [Record(key, self.version.encode(topic, value), partition=partition)
                  for (partition, key), value in last.items() if value is not None]
        self.kafka.produce(self.prefix + topic, values)
        return len(values)

    def decoded(self, records):
        for record in records:
            record.value = None if record.value is None else self.avro.decode(record.value)
        return records


def test_what_another_version_left_is_gone_on_from(soglia, kafka, prefix, version, smtp):
    """Holds under way, sides beyond their thresholds, mails to be tried again: restored, read, killed, read again."""
    line = Upgrade(soglia, kafka, prefix, version)
    soglia.settings |= {"deliver.retry_first": "4s", "deliver.retry_max": "4s"}
    waiting = NAMES[:3]
    smtp.recipient_replies = {f"{name}@example.org": BUSY for name in waiting}
    line.start()
    line.give("users", [user(name) for name in NAMES])
    line.wait_taken("notifications", "users", WAIT_S)
    line.give("subscriptions", [
        subscription(name, instrument, low=95.0 - at % 2, high=104.0, rearm=1.0 * (at % 2), hold_ms=15_000 * (at % 3),
                     notify_cleared=True, paused_until=90_000 if at == 5 else None) for instrument in INSTRUMENTS for at, name in enumerate(NAMES)])
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    line.walk(120)
    line.wait_sent(NAMES[3:])
    assert [process.end(STOP_S) for process in line.processes] == [0, 0, 0]

    changelogs = {"soglia-alerts-instruments-changelog": len(INSTRUMENTS),
                  "soglia-alerts-subscriptions-changelog": len(INSTRUMENTS) * len(NAMES),
                  "soglia-notifications-users-changelog": len(NAMES)}
    assert {topic: line.rewrite(topic) for topic in changelogs} == changelogs
    assert line.rewrite("soglia-deliver-outbox-changelog") > len(waiting)
    shutil.rmtree(soglia.state)

    line.start()
    line.walk(60)
    for process in line.processes:
        process.kill9()
    line.start()
    line.give("subscriptions", [subscription(NAMES[0], instrument, low=97.0, high=102.0, cooldown_ms=60_000, version=2)
                                for instrument in INSTRUMENTS[:6]])
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    line.walk(120)
    smtp.recipient_replies = {}
    line.wait_sent(NAMES)
    assert [process.end(STOP_S) for process in line.processes] == [0, 0, 0]
    expected = line.expected_alerts()
    assert len(expected) > 200
    assert_alerts(line.read("alerts"), expected)
    assert len(line.sent()) == sum(alert["notify"] for alert in expected)
