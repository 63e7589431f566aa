"""The whole line of one installation, from outside: what goes into its topics, and what must come of it."""
import sys
from collections import defaultdict
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from support.kafka import CALL_S, LOG, Record
from support.wait import until

# The oracle's modules know each other by their bare names.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

import recorded  # pylint: disable=wrong-import-position

KEYS = {"quotes": "instrument", "subscriptions": "instrument", "users": "user_id", "alerts": "user_id",
        "notifications": "user_id", "deliveries": "user_id", "commands": "user_id", "command-results": "user_id"}


def user(user_id, **more):
    """A user who is told by e-mail."""
    address = more.pop("email", f"{user_id.encode('idna').decode()}@example.org")
    return {"user_id": user_id, "email": address, "display_name": None, "password_hash": None,
            "channels": [{"kind": "EMAIL", "address": address}], "time_zone": "UTC", "active": True, "version": 1,
            "changed_at": 0, **more}


def quote(instrument, value, event_time, **more):
    return {"instrument": instrument, "value": value, "event_time": event_time, "source": "test", "unit": None,
            "details": {}, **more}


def subscription(user_id, instrument, **more):
    return recorded.subscription(instrument, user_id, 0, **more)


def command(user_id, command_id, kind, body=None, **more):
    """What a user asks for; fields that are left out are null or at their defaults."""
    return {"command_id": command_id, "user_id": user_id, "at": 0, "fingerprint": None, **more,
            "body": (f"soglia.{kind}", body or {})}


class Line:
    """Topics are called by their names without the prefix."""

    def __init__(self, soglia, kafka, avro, prefix):
        self.soglia, self.kafka, self.avro, self.prefix = soglia, kafka, avro, prefix

    def apply(self):
        self.soglia.run("topics", "apply")
        return self

    def encode(self, topic, value, **more):
        """The record of a value, with the key of its topic."""
        return Record(value[KEYS[topic]], self.avro.encode(topic, value), **more)

    def give(self, topic, values, **more):
        """Produces values as an independent client does, and returns their positions."""
        return self.kafka.produce(self.prefix + topic, [self.encode(topic, value, **more) for value in values])

    def read(self, topic):
        """The committed records of a topic with their values decoded."""
        return self.decoded(self.kafka.read(self.prefix + topic))

    def decoded(self, records):
        for record in records:
            record.value = self.avro.decode(record.value)
        return records

    def wait_for(self, topic, count, timeout_s):
        """Waits until the topic has so many committed records, and returns all there are, decoded."""
        return self.decoded(self.kafka.read_until(self.prefix + topic, count, timeout_s))

    def wait_taken(self, processor, topic, timeout_s=CALL_S, watch=lambda: None):
        """Waits until the processor has committed every record that is in the topic now; calls `watch` meanwhile."""
        ends = {}
        for record in self.kafka.read(self.prefix + topic):
            ends[record.partition] = record.offset + 1
        wanted = [TopicPartition(self.prefix + topic, partition) for partition in ends]
        asker = Consumer(self.kafka.config(group_id=f"{self.prefix}soglia-{processor}", enable_auto_commit=False),
                         logger=LOG)

        def behind():
            watch()
            return [one for one in asker.committed(wanted, timeout=CALL_S) if one.offset < ends[one.partition]]
        try:
            until(lambda: not wanted or not behind(), timeout_s, lambda: f"{processor} to take {topic}: {behind()}")
        finally:
            asker.close()

    def expected_alerts(self, quotes=None):
        """What the oracle makes of the quotes and subscriptions that are in the topics (`quotes` as they were read)."""
        events = []
        read = {"subscriptions": self.read("subscriptions"), "quotes": quotes or self.read("quotes")}
        for topic, records in read.items():
            for record in records:
                events.append({"given": topic, "key": record.key.decode(), "at": record.timestamp,
                               "partition": record.partition, "offset": record.offset, "value": record.value})
        return recorded.expected_alerts(events).alerts


def runs(alerts):
    """Alerts by what their order is promised for: one user's of one task, which is a partition of the causes."""
    by_run = defaultdict(list)
    for alert in alerts:
        by_run[alert["user_id"], alert["cause"]["partition"]].append(alert)
    return by_run


def assert_alerts(records, expected):
    """The records of the topic are the expected alerts, each once, in order, under the right key."""
    assert all(record.key.decode() == record.value["user_id"] for record in records)
    got, wanted = runs(record.value for record in records), runs(expected)
    for run in got.keys() | wanted.keys():
        for at, (one, other) in enumerate(zip(got[run], wanted[run])):
            assert one == other, f"alert {at} of {run}"
        assert len(got[run]) == len(wanted[run]), f"alerts of {run}"


def assert_delivered(line, mails):
    """Each alert that asks for it has one notification, one Delivery that says SENT, and one mail."""
    to = assert_sent(line)
    assert sorted(map(message_id, mails)) == sorted(to)
    assert all(mail.recipients == [to[message_id(mail)]] for mail in mails)


def assert_sent(line):
    """The same without the mails; returns the addresses by notification id."""
    wanted = sorted(one.value["alert_id"] for one in line.read("alerts") if one.value["notify"])
    notifications = [one.value for one in line.read("notifications")]
    assert sorted(alert for one in notifications for alert in one["alert_ids"]) == wanted
    ids = sorted(one["notification_id"] for one in notifications)
    sent = [one.value for one in line.read("deliveries")]
    assert {one["outcome"] for one in sent} <= {"SENT"}
    assert sorted(one["notification_id"] for one in sent) == ids
    return {one["notification_id"]: one["address"] for one in notifications}


def message_id(mail):
    """What stands before the @ in the Message-ID."""
    return mail.headers["Message-ID"].strip(" <>").partition("@")[0]


def assert_views(line, quotes=None):
    """The last value and the counts of every instrument are those of the topic (`quotes` as they were read)."""
    wanted = {}
    for record in quotes or line.read("quotes"):
        value = record.value
        last = wanted.setdefault(value["instrument"], {"count": 0, "late": 0, "event_time_ms": -1})
        last["count"] += 1
        if value["event_time"] < last["event_time_ms"]:
            last["late"] += 1
        else:
            last |= {"value": value["value"], "event_time_ms": value["event_time"]}
    until(lambda: seen(line) == wanted, CALL_S, lambda: f"the views to say {difference(seen(line), wanted)}")


def seen(line):
    got, path = {}, "/v1/instruments?limit=1000"
    while path:
        answer = line.soglia.get(path)
        assert answer.status_code == 200, answer.text
        for one in answer.json()["instruments"]:
            got[one["instrument"]] = {name: one[name] for name in ("count", "late", "event_time_ms", "value")}
        path = answer.links.get("next", {}).get("url")
    return got


def difference(got, wanted):
    return {name: (got.get(name), wanted.get(name))
            for name in got.keys() | wanted.keys() if got.get(name) != wanted.get(name)}
