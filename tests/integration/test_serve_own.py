"""What belongs to users, in the views of `soglia serve` on real Kafka: six topics that an independent client writes."""
import math
import re
import shutil
import time
from collections import Counter

import pytest
from confluent_kafka import TopicPartition

from support.kafka import Record
from support.wait import until

WAIT_S = 20
NOW = int(time.time() * 1000)  # Answers to commands are kept for a day.
USERS = ("ada", "grace", "édith", "linus")
OWN = ("users", "subscriptions", "command-results", "alerts", "notifications", "deliveries")
ROUTES = ("/v1/users/me", "/v1/subscriptions", "/v1/subscriptions/s", "/v1/alerts", "/v1/alerts/a", "/v1/notifications",
          "/v1/commands/c")


def user(user_id, version=1, **more):
    return {"user_id": user_id, "email": "someone@example.org", "display_name": None, "password_hash": None,
            "channels": [{"kind": "EMAIL", "address": "someone@example.org"}], "time_zone": "UTC", "active": True,
            "version": version, "changed_at": NOW, **more}


def subscription(user_id, subscription_id, version=1, **more):
    return {"subscription_id": subscription_id, "user_id": user_id, "instrument": "stock:AAPL", "low": None, "high": 190.0,
            "rearm": 0.0, "hold_ms": 0, "cooldown_ms": 0, "notify_cleared": False, "label": None, "active": True,
            "version": version, "changed_at": NOW, "paused_until": None, **more}


def answer(user_id, command_id, kind, result, **more):
    return {"command_id": command_id, "user_id": user_id, "status": "DONE", "fingerprint": "f", "problem": None,
            "result": (f"soglia.{kind}", result), "at": NOW, "command_offset": 0, **more}


def alert(user_id, alert_id, **more):
    return {"alert_id": alert_id, "subscription_id": "s", "subscription_version": 1, "user_id": user_id,
            "instrument": "stock:AAPL", "side": "HIGH", "edge": "ENTERED", "initial": False, "threshold": 190.0, "value": 191.5,
            "previous_value": 189.0, "event_time": NOW, "cause": {"topic": "quotes", "partition": 0, "offset": 0},
            "suppressed": None, "label": None, "notify": True, **more}


def notification(user_id, notification_id, **more):
    return {"notification_id": notification_id, "user_id": user_id, "channel": "EMAIL", "address": "someone@example.org",
            "subject": "stock:AAPL", "body_text": "191.5", "body_html": None, "alert_ids": ["a"], "created_at": NOW, **more}


def delivery(user_id, notification_id, **more):
    return {"notification_id": notification_id, "user_id": user_id, "channel": "EMAIL", "attempt": 1, "outcome": "SENT",
            "code": 250, "reply": "ok", "at": NOW, "next_attempt_at": None, **more}


def story(count, first=0):
    """What happens to every user `count` times, by topic."""
    told = {topic: [] for topic in OWN}
    for at in range(first, first + count):
        for who in USERS:
            told["users"].append(user(who, at + 1))
            told["subscriptions"].append(subscription(who, f"s{at}"))
            told["command-results"].append(answer(who, f"c{at}", "Subscription", subscription(who, f"s{at}")))
            told["alerts"].append(alert(who, f"a{at}"))
            told["notifications"].append(notification(who, f"n{at}"))
            told["deliveries"].append(delivery(who, f"n{at}"))
    return told


class Serving:
    """A running `soglia serve` over topics that the tests write."""

    def __init__(self, soglia, kafka, avro, prefix):
        self.soglia, self.kafka, self.avro, self.prefix = soglia, kafka, avro, prefix
        soglia.settings["http.wait"] = "10s"
        soglia.settings["state.map_bytes"] = "64MiB"
        soglia.run("topics", "apply")
        self.process = None
        self.written = {}

    def start(self):
        self.process = self.soglia.start("serve")
        self.soglia.wait_ready(self.process)
        return self

    def write(self, told):
        """Writes records by topic, and remembers how far the views must come to have them."""
        for topic, records in told.items():
            key = "instrument" if topic in ("subscriptions", "quotes") else "user_id"
            self.write_raw(topic, [Record(one[key], self.avro.encode(topic, one), timestamp=NOW) for one in records])

    def write_raw(self, topic, records):
        for partition, offset in self.kafka.produce(self.prefix + topic, records):
            ends = self.written.setdefault(topic, {})
            ends[partition] = max(ends.get(partition, 0), offset + 1)

    def wait(self):
        """Waits until the views have all that was written."""
        wanted = ";".join(f"{topic}:" + ",".join(f"{partition}={end}" for partition, end in ends.items())
                          for topic, ends in self.written.items())
        answered = self.soglia.get("/v1/instruments", params={"min_position": wanted})
        assert answered.status_code == 200, answered.text

    def metric(self, name):
        """The value of a metric by topic, where it is not 0."""
        found = re.findall(rf'^{name}{{topic="([^"]*)"}} (\d+)$', self.soglia.get("/metrics").text, re.M)
        return {topic: int(value) for topic, value in found if int(value) > 0}


@pytest.fixture
def serving(soglia, kafka, avro, prefix):
    return Serving(soglia, kafka, avro, prefix).start()


def test_every_topic_is_read_and_followed(serving):
    serving.write(story(50))
    serving.wait()
    assert serving.metric("soglia_view_records_total") == {topic: 50 * len(USERS) for topic in OWN}
    assert serving.metric("soglia_view_refused_total") == {}
    until(lambda: serving.metric("soglia_view_lag_records") == {}, WAIT_S, "no lag")
    assert serving.soglia.get("/readyz").status_code == 200


def test_nobody_reads_without_a_log_in(serving):
    serving.write(story(1))
    serving.wait()
    for route in ROUTES:
        refused = serving.soglia.get(route)
        assert refused.status_code == 401 and "ETag" not in refused.headers, route
        assert refused.headers["WWW-Authenticate"] == "Bearer", route


def test_a_restart_and_kills_go_on_where_the_views_were(serving):
    total = Counter()
    serving.write(story(20))
    serving.wait()
    serving.process.end()
    serving.start()
    assert serving.metric("soglia_view_records_total") == {}
    for at in range(1, 5):
        serving.write(story(20, 20 * at))
        serving.process.kill9()
        serving.start()
        serving.wait()
        total.update(serving.metric("soglia_view_records_total"))
    # A process that was killed may have committed some of it; nothing is read again after that.
    assert all(0 < count <= 4 * 20 * len(USERS) for count in total.values()), total
    serving.process.end()
    serving.start()
    assert serving.metric("soglia_view_records_total") == {}


def test_hostile_records_are_left_out_and_counted(serving, kafka):
    good = {topic: [serving.avro.encode(topic, one) for one in records][0] for topic, records in story(1).items()}
    for topic in OWN:
        key = "stock:AAPL" if topic == "subscriptions" else "ada"
        value = good[topic]
        serving.write_raw(topic, [Record(key, bad, timestamp=NOW) for bad in (b"", b"\0", b"{}", value[:-1], value + b"x", None)])
        serving.write_raw(topic, [Record("eve", value, timestamp=NOW)])
    bad = {"users": [user("ada", -1), user("a\nb"), user("ada", email="x" * 300_000)],
           "subscriptions": [subscription("ada", "s", high=math.nan), subscription("ada", "", low=1.0)],
           "command-results": [answer("ada", "c", "Subscription", subscription("grace", "s")), answer("ada", "c", "User", user("eve"))],
           "alerts": [alert("ada", "a", value=math.inf), alert("ada", "a", event_time=-1)],
           "notifications": [notification("ada", "n", alert_ids=[""]), notification("ada", "x" * 129)],
           "deliveries": [delivery("ada", "n", at=-1), delivery("ada", "")]}
    serving.write(bad)
    serving.write(story(1))
    serving.wait()
    assert serving.metric("soglia_view_refused_total") == {topic: 7 + len(records) for topic, records in bad.items()}
    assert serving.process.running


def delete_records(kafka, ends):
    """Deletes what is in a topic up to the ends, by (topic, partition), as its retention does some day."""
    admin = kafka.admin
    for deleted in admin.delete_records([TopicPartition(topic, at, end) for (topic, at), end in ends.items()]).values():
        deleted.result(WAIT_S)


def test_what_kafka_has_deleted_is_not_waited_for(serving, kafka, prefix):
    serving.write(story(5))
    serving.wait()
    serving.process.end()
    serving.write(story(5, 5))
    delete_records(kafka, kafka.ends([f"{prefix}{topic}" for topic in ("command-results", "alerts")]))
    serving.start()
    serving.wait()
    serving.process.end()
    shutil.rmtree(serving.soglia.state / "serve")
    serving.start()
    serving.wait()
    count = 10 * len(USERS)
    assert serving.metric("soglia_view_records_total") == {topic: count for topic in OWN if topic not in ("command-results", "alerts")}
    serving.write(story(1, 10))
    serving.wait()
    assert serving.metric("soglia_view_records_total") == {
        topic: len(USERS) + (0 if topic in ("command-results", "alerts") else count) for topic in OWN}


def recreate(kafka, topic):
    admin = kafka.admin
    admin.delete_topics([topic])[topic].result(WAIT_S)
    until(lambda: topic not in admin.list_topics(timeout=WAIT_S).topics, WAIT_S, "the topic to go")
    kafka.create_topic(topic)


def test_a_topic_made_anew_builds_its_view_anew_and_no_other(serving, kafka, prefix):
    serving.write(story(20))
    serving.wait()
    serving.process.end()
    recreate(kafka, prefix + "subscriptions")
    serving.written.pop("subscriptions")
    serving.write({"subscriptions": [subscription(who, f"t{at}") for at in range(30) for who in USERS]})
    serving.start()
    serving.wait()
    count = 20 * len(USERS)
    assert serving.metric("soglia_view_records_total") == {
        "users": count, "command-results": count, "subscriptions": 30 * len(USERS)}


def test_the_position_of_an_answer_is_that_of_its_topics(serving):
    serving.write(story(5))
    serving.write({"quotes": [{"instrument": "stock:AAPL", "value": 1.0, "event_time": NOW, "source": "test", "unit": None,
                               "details": {}}]})
    serving.wait()
    answered = serving.soglia.get("/v1/instruments")
    (partition, end), = serving.written["quotes"].items()
    assert answered.headers["Soglia-Position"] == f"quotes:{partition}={end}"
    late = serving.soglia.get("/v1/instruments", params={"min_position": "dead-letters:0=1"})
    assert late.status_code == 400
