"""State and records that an older program left behind, or a newer one: today's goes on from them."""
import json
import random
import shutil
from collections import Counter

import pytest

from support.avro import Avro, frame, parse
from support.kafka import Record
from support.line import KEYS, Line, assert_alerts, quote, subscription, user
from support.wait import until

WAIT_S = 60
STOP_S = 5
ROLES = (("run", "alerts"), ("run", "notifications"), ("deliver",))
NAMES = [f"user-{at}" for at in range(6)]
INSTRUMENTS = [f"stock:{at}" for at in range(12)]
BUSY = "451 4.3.0 come back later"

# By record: what a former version had not yet. Only what has a default may be added to a schema.
NOT_YET = {"InstrumentState": "late_count", "SideState": "suppressed", "OutboxEntry": "first_attempt_at",
           "User": "password_hash", "Quote": "unit", "Subscription": "label", "Notification": "body_html"}
SOME_DAY = {"name": "some_day", "type": {"type": "array", "items": "string"}, "default": ["not known today"]}


def changed(schema, change):
    """The schema with the fields of each record in it, however deep, given through `change(record)`."""
    if isinstance(schema, list):
        return [changed(branch, change) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: changed(value, change) if key in ("type", "items", "values", "fields") else value
              for key, value in schema.items()}
    return {**schema, "fields": change(schema)} if schema.get("type") == "record" else schema


def older(record):
    return [field for field in record["fields"] if field["name"] != NOT_YET.get(record["name"])]


def newer(record):
    return [*record["fields"], SOME_DAY]


class Version:
    """Another version of every schema, registered before today's or after it."""

    def __init__(self, kafka, prefix, change, number):
        self._kafka, self._topic, self._number = kafka, f"{prefix}_schemas", number
        self._change, self._prefix, self._schemas = change, prefix, {}

    def register(self, texts, first_id):
        records = []
        for at, (topic, text) in enumerate(sorted(texts.items())):
            schema = changed(json.loads(text), self._change)
            subject = f"{self._prefix}{topic}-value"
            key = {"keytype": "SCHEMA", "subject": subject, "version": self._number, "magic": 1}
            value = {"subject": subject, "version": self._number, "id": first_id + at, "schema": json.dumps(schema),
                     "deleted": False}
            records.append((json.dumps(key), json.dumps(value)))
            self._schemas[topic] = first_id + at, parse(value["schema"])
        self._kafka.produce(self._topic, records)

    def encode(self, topic, value):
        return frame(*self._schemas[topic], value)


def texts_of_today(soglia, kafka, prefix):
    """The schemas that this program registers, by topic: seen in an installation of their own."""
    model = f"{prefix}model-"
    soglia.settings["topics.prefix"] = model
    soglia.run("topics", "apply")
    soglia.settings["topics.prefix"] = prefix
    values = (json.loads(record.value) for record in kafka.read(f"{model}_schemas"))
    return {one["subject"].removeprefix(model).removesuffix("-value"): one["schema"] for one in values if "schema" in one}


@pytest.fixture(params=[older, newer])
def version(request, soglia, kafka, prefix):
    """The installation with today's schemas beside those of the other version."""
    texts = texts_of_today(soglia, kafka, prefix)
    if request.param is older:
        kafka.create_topic(f"{prefix}_schemas", 1, cleanup_policy="compact", max_message_bytes=16 << 20)
        other = Version(kafka, prefix, older, 1)
        other.register(texts, 1)
        soglia.run("topics", "apply")
    else:
        soglia.run("topics", "apply")
        other = Version(kafka, prefix, newer, 2)
        other.register(texts, 100)
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
    soglia.settings |= {"deliver.retry_first": "200ms", "deliver.retry_max": "1s"}
    waiting = NAMES[:3]
    smtp.recipient_replies = {f"{name}@example.org": BUSY for name in waiting}
    line.start()
    line.give("users", [user(name) for name in NAMES])
    line.wait_taken("notifications", "users", WAIT_S)
    line.give("subscriptions", [
        subscription(name, instrument, low=95.0 - at % 2, high=104.0, rearm=1.0 * (at % 2), hold_ms=15_000 * (at % 3),
                     notify_cleared=True) for instrument in INSTRUMENTS for at, name in enumerate(NAMES)])
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
    line.wait_sent(NAMES[3:])
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
