"""Bad input of every kind: each record is one dead letter that says what to mend, and nothing else moves."""
import json
import math
import re
import time
from datetime import datetime

import pytest

from support.avro import frame
from support.kafka import Record
from support.line import Line, quote, subscription, user
from support.soglia import PARTITIONS

WAIT_S = 30
NOW = int(time.time() * 1000)  # The timestamp of every record.
DAY_MS = 86_400_000
A = "stock:A"
MIB = 1 << 20


class Bad:
    """A record that must be refused, with words that its reason must have."""

    def __init__(self, name, topic, key, value, *words, partition=None):
        self.name, self.topic, self.words = name, topic, words
        self.record = Record(key, value, timestamp=NOW, partition=partition)


def text(**fields):
    return json.dumps(fields).encode()


def json_cases():
    def of_quote(name, value, *words, key=None):
        return Bad(name, "quotes.json", key, value, *words)

    def of_subscription(name, *words, **fields):
        whole = {"user_id": "ada", "instrument": A, "high": 5} | fields
        value = json.dumps({field: value for field, value in whole.items() if value is not ...}).encode()
        return Bad(name, "subscriptions.json", None, value, *words)

    def of_user(name, *words, **fields):
        return Bad(name, "users.json", None, text(**{"user_id": "ada", "email": "ada@example.org"} | fields), *words)

    return [
        of_quote("an empty value", b"", "empty", "JSON object"),
        of_quote("a tombstone", None, "no value", "tombstone"),
        of_quote("no JSON", b"stock:A 191.5", "JSON", "byte"),
        of_quote("JSON that breaks off", b'{"instrument":"stock:A","value":19', "JSON ends at byte 34"),
        of_quote("two objects", text(instrument=A, value=1) * 2, "JSON byte"),
        of_quote("an array", b"[1,2]", "object", "array"),
        of_quote("NaN", b'{"instrument":"stock:A","value":NaN}', "value", "JSON byte"),
        of_quote("the word NaN", text(instrument=A, value="NaN"), "value", "finite"),
        of_quote("an infinite value", b'{"instrument":"stock:A","value":1e999}', "value", "finite", "1e999"),
        of_quote("a text for a number", text(instrument=A, value="much"), "value", "number", "much"),
        of_quote("a number for a text", text(instrument=7, value=1), "instrument", "string", "number"),
        of_quote("null where none may be", text(instrument=A, value=None), "value", "null"),
        of_quote("a field left out", text(instrument=A), "value"),
        of_quote("an unknown field", text(instrument=A, value=1, vaule=2), "vaule", 'did you mean "value"'),
        of_quote("a field twice", b'{"instrument":"stock:A","value":1,"value":2}', "value", "twice"),
        of_quote("bytes that are no UTF-8", b'{"instrument":"stock:\xff","value":1}', "UTF-8"),
        of_quote("UTF-16", text(instrument=A, value=1).decode().encode("utf-16"), "JSON byte 0"),
        of_quote("10 MiB of blanks", b" " * (10 * MIB), "JSON"),
        of_quote("a name of 10 MiB", text(instrument="a" * (10 * MIB), value=1), "JSON"),
        of_quote("100,000 brackets", b'{"details":' + b"[" * 100_000, "details", "object"),
        of_quote("another key", text(instrument=A, value=1), "stock:B", A, key="stock:B"),
        of_quote("an empty instrument", text(instrument="", value=1), "instrument is empty"),
        of_quote("an instrument of 129 bytes", text(instrument="é" * 64 + "x", value=1), "instrument", "129", "128"),
        of_quote("a control character", text(instrument="stock:\n", value=1), "instrument", "control character"),
        of_quote("1969", text(instrument=A, value=1, event_time=-1), "event_time", "1970"),
        of_quote("the day after tomorrow", text(instrument=A, value=1, event_time=NOW + DAY_MS + 1), "event_time",
                 "day"),
        of_quote("seconds with a fraction", text(instrument=A, value=1, event_time=1.5), "event_time", "whole"),
        of_quote("a time in words", text(instrument=A, value=1, event_time="noon"), "event_time", "noon", "1970"),
        of_quote("a detail that is no text", text(instrument=A, value=1, details={"a": 1}), "details", "string"),
        of_subscription("no threshold", "low", "high", high=...),
        of_subscription("an infinite threshold", "high", "finite", high="Infinity"),
        of_subscription("a band that cannot be", "rearm", "clear", low=4, rearm=1),
        of_subscription("a negative rearm", "rearm", "0 or more", rearm=-1),
        of_subscription("a hold of eleven years", "hold_ms", "10 years", hold_ms=11 * 365 * DAY_MS),
        of_subscription("a negative cooldown", "cooldown_ms", cooldown_ms=-1),
        of_subscription("no user", "user_id", user_id=...),
        of_subscription("a negative version", "version", version=-1),
        of_subscription("a yes for a truth", "active", "boolean", "string", active="yes"),
        of_subscription("a label too long", "label", "256", label="x" * 257),
        of_user("no address", "email", "no e-mail address", email="ada"),
        of_user("two addresses", "email", "bare address", email="ada@a.org, eve@b.org"),
        of_user("an unknown zone", "time_zone", "did you mean Europe/Rome?", time_zone="Europe/Roma"),
        of_user("an unknown channel", "kind", "EMAIL", channels=[{"kind": "PIGEON", "address": "coop"}]),
        of_user("a webhook without TLS", "channels[0].address", "https",
                channels=[{"kind": "WEBHOOK", "address": "http://a.org"}]),
        of_user("a password", "password_hash", "never", password_hash="correct horse"),
    ]


def avro_cases(line):
    """Each stands on its own key's partition, so that only what its name says is wrong."""
    avro = line.avro
    good = avro.encode("quotes", quote(A, 1.0, 1))
    zigzag_minus_5 = b"\x09"

    def of_quote(name, value, *words, key=A, **more):
        return Bad(name, "quotes", key, value, *words, **more)

    def quoted(name, *words, key=A, **fields):
        return of_quote(name, avro.encode("quotes", quote(A, 1.0, 1) | fields), *words, key=key)

    def of_subscription(name, *words, **fields):
        value = avro.encode("subscriptions", subscription("ada", A, high=5.0) | fields)
        return Bad(name, "subscriptions", A, value, *words)

    def of_user(name, *words, key="ada", **fields):
        return Bad(name, "users", key, avro.encode("users", user("ada") | fields), *words)

    def of_alert(name, *words, key="ada", **fields):
        return Bad(name, "alerts", key, avro.encode("alerts", alert() | fields), *words)

    def of_notification(name, *words, key="ada", **fields):
        return Bad(name, "notifications", key, avro.encode("notifications", notification() | fields), *words)

    users_id = avro.schema_id("users")
    alert_bytes = avro.encode("alerts", alert())
    side_at = alert_bytes.index(A.encode()) + len(A)
    wrong = (line.kafka.produce(f"{line.prefix}deliveries", [Record(A, b"")])[0].partition + 1) % PARTITIONS
    return [
        of_quote("an empty value", b"", "empty"),
        of_quote("a tombstone", None, "tombstone"),
        of_quote("JSON", text(instrument=A, value=1), "JSON", ".json"),
        of_quote("another magic byte", b"\1" + good[1:], "0x01"),
        of_quote("half a header", good[:3], "3 bytes"),
        of_quote("an unknown schema id", good[:1] + (987_654).to_bytes(4, "big") + good[5:], "no schema", "id 987654"),
        of_quote("schema id 0", good[:1] + bytes(4) + good[5:], "schema id 0"),
        of_quote("a negative schema id", good[:1] + b"\xff\xff\xff\xff" + good[5:], "schema id"),
        of_quote("the schema of users", frame(users_id, avro.schema(users_id), user("ada")), "schema id", "User"),
        of_quote("data that end", good[:-3], "source", "bytes left"),
        of_quote("only a header", good[:5], "instrument", "ends"),
        of_quote("bytes left over", good + b"xx", "2 bytes"),
        of_quote("a negative length", good[:5] + zigzag_minus_5 + good[6:], "instrument", "length of -5"),
        of_quote("a length of 8 EiB", good[:5] + b"\xfe" + b"\xff" * 8 + b"\x01" + good[6:], "instrument", "length"),
        of_quote("a number without end", good[:5] + b"\xff" * 11 + good[6:], "instrument", "64 bits"),
        of_quote("text that is no UTF-8", good.replace(A.encode(), b"stock:\xff"), "instrument", "UTF-8"),
        of_quote("a union out of range", good[:-2] + b"\x04" + good[-1:], "unit", "index 2"),
        of_quote("a negative block", good[:-1] + b"\x01\xfe\xff\xff\x0f", "details"),
        of_quote("a million entries", good[:-1] + b"\x80\x89\x7a", "details", "limit"),
        of_quote("10 MiB of nothing", bytes(10 * MIB), "schema id 0"),
        of_quote("10 MiB of text", avro.encode("quotes", quote("a" * (10 * MIB), 1.0, 1)), "instrument"),
        of_quote("no key", good, "no key", "instrument", key=None),
        of_quote("another key", good, "stock:B", A, key="stock:B"),
        of_quote("another partition", good, "partition", "murmur2", partition=wrong),
        quoted("NaN", "value", "finite", value=math.nan),
        quoted("minus infinity", "value", "-Infinity", "finite", value=-math.inf),
        quoted("1969", "event_time", "1970", event_time=-1),
        quoted("the day after tomorrow", "event_time", "day", event_time=NOW + DAY_MS + 1),
        quoted("the end of time", "event_time", "day", event_time=(1 << 63) - 1),
        quoted("an empty instrument", "instrument is empty", instrument="", key=""),
        quoted("an instrument of 129 bytes", "instrument", "129", "128", instrument="x" * 129, key="x" * 129),
        quoted("a control character", "instrument", "control character", instrument="stock:\t", key="stock:\t"),
        quoted("a zero inside", "instrument", "control character", instrument="stock\0A", key="stock\0A"),
        of_subscription("no threshold", "low", "high", high=None),
        of_subscription("a threshold that is none", "low", "finite", low=math.nan),
        of_subscription("an infinite threshold", "high", "finite", high=math.inf),
        of_subscription("a rearm that is none", "rearm", "finite", rearm=math.nan),
        of_subscription("an empty id", "subscription_id is empty", subscription_id=""),
        of_subscription("a label with a bell", "label", "control character", label="\a"),
        of_subscription("an older version", "version", subscription_id=f"eve/{A}", user_id="eve", version=0),
        of_user("another key", "eve", "ada", "user_id", key="eve"),
        of_user("no address", "email", "ada@example.org", email="ada@"),
        of_user("a header in the address", "email", "control character", email="ada@a.org\r\nBcc: all@a.org"),
        of_user("an older version", "version", version=0),
        Bad("garbage for a user", "users", "ada", b"\0\0\0\0", "4 bytes"),
        Bad("garbage for a subscription", "subscriptions", A, b"\xff" * 40, "0xFF"),
        Bad("garbage for an alert", "alerts", "ada", b"\0" * 5 + b"\xff" * 40, "schema id 0"),
        Bad("an alert that ends", "alerts", "ada", alert_bytes[:-9], "cause", "bytes left"),
        Bad("a side out of range", "alerts", "ada", alert_bytes[:side_at] + b"\x0e" + alert_bytes[side_at + 1:],
            "side", "index 7"),
        of_alert("an alert of somebody else", "eve", "ada", key="eve"),
        of_alert("an alert without an id", "alert_id is empty", alert_id=""),
        Bad("garbage for a notification", "notifications", "ada", b"garbage", "0x67"),
        Bad("a notification without a value", "notifications", "ada", None, "tombstone"),
        of_notification("a notification without an id", "notification_id", "0 bytes", notification_id=""),
        of_notification("an id of 600 bytes", "notification_id", "600", notification_id="n" * 600),
        of_notification("an id with a line end", "notification_id", "control character", notification_id="a\r\nb"),
        of_notification("a notification for somebody else", "eve", "ada", key="eve"),
    ]


def alert():
    return {"alert_id": "a1", "subscription_id": "s1", "subscription_version": 1, "user_id": "ada", "instrument": A,
            "side": "HIGH", "edge": "ENTERED", "initial": False, "threshold": 1.0, "value": 2.0, "previous_value": None,
            "event_time": 1, "cause": {"topic": "quotes", "partition": 0, "offset": 0}, "suppressed": None,
            "label": None, "notify": True}


def notification():
    return {"notification_id": "n1", "user_id": "ada", "channel": "EMAIL", "address": "ada@example.org", "subject": "s",
            "body_text": "b", "body_html": None, "alert_ids": ["a1"], "created_at": 1}


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    return Line(soglia, kafka, avro, prefix).apply()


@pytest.fixture
def running(line, soglia):
    process = soglia.start("run", "all")
    soglia.wait_ready(process)
    return process


def faults(line, bad, positions):
    """What is wrong with the dead letters: nothing, one hopes."""
    letters = {}
    for topic in {case.topic for case in bad}:
        line.wait_taken(reader_of(topic), topic)
    for letter in line.kafka.read(f"{line.prefix}dead-letters"):
        headers = dict(letter.headers)
        origin = (headers["soglia-topic"], headers["soglia-partition"], headers["soglia-offset"])
        letters.setdefault(origin, []).append((letter, headers))
    for case, position in zip(bad, positions):
        found = letters.pop((case.topic.encode(), b"%d" % position.partition, b"%d" % position.offset), [])
        if len(found) != 1:
            yield f"{case.name}: {len(found)} dead letters"
            continue
        letter, headers = found[0]
        reason = headers["soglia-reason"].decode()
        if (letter.key, letter.value) != (as_bytes(case.record.key), case.record.value):
            yield f"{case.name}: the dead letter has another key or value: {letter.key!r}"
        if letter.timestamp != NOW:
            yield f"{case.name}: another timestamp: {letter.timestamp}"
        if not all(word in reason for word in case.words):
            yield f"{case.name}: {case.words} are not all in: {reason}"
        if len(reason) > 400 or re.search("[\x00-\x1f]", reason):
            yield f"{case.name}: not a line to read: {reason!r}"
        if headers["soglia-by"].decode() != reader_of(case.topic):
            yield f"{case.name}: by {headers['soglia-by']}"
        datetime.fromisoformat(headers["soglia-at"].decode())
    yield from (f"nobody's dead letter: {headers}" for found in letters.values() for _, headers in found)


def as_bytes(key):
    return key.encode() if isinstance(key, str) else key


def reader_of(topic):
    return {"quotes": "alerts", "subscriptions": "alerts", "users": "notifications", "alerts": "notifications",
            "notifications": "deliver"}.get(topic, "ingest")


def test_bad_json(line, running, smtp):
    bad = json_cases()
    positions, good = [], 0
    for case in bad:
        line.kafka.produce(f"{line.prefix}quotes.json", [Record(None, text(instrument=A, value=good), timestamp=NOW)])
        positions += line.kafka.produce(line.prefix + case.topic, [case.record])
        good += 1
    assert "\n".join(faults(line, bad, positions)) == ""
    taken = [one.value["value"] for one in line.wait_for("quotes", good, WAIT_S)]
    assert running.end() == 0
    assert taken == list(range(good))
    assert len(line.kafka.read(f"{line.prefix}dead-letters")) == len(bad)
    assert line.read("subscriptions") == line.read("users") == line.read("alerts") == smtp.mails == []


def test_bad_avro(line, running, smtp):
    line.give("users", [user("ada"), user("eve")], timestamp=NOW)
    line.give("subscriptions", [subscription("eve", A, high=0.5, notify_cleared=True)], timestamp=NOW)
    line.wait_taken("notifications", "users")
    line.wait_taken("alerts", "subscriptions")
    bad = avro_cases(line)
    positions, good = [], 0
    for case in bad:
        positions += line.kafka.produce(line.prefix + case.topic, [case.record])
        line.give("quotes", [quote(A, good % 2, 1000 + good)], timestamp=NOW)
        good += 1
    assert "\n".join(faults(line, bad, positions)) == ""
    line.wait_taken("alerts", "quotes")
    smtp.wait_for(good - 1, WAIT_S)  # The first is clear, every other one crosses the threshold.
    assert running.end() == 0
    assert len(line.kafka.read(f"{line.prefix}dead-letters")) == len(bad)
    alerts = [one for one in line.kafka.read(f"{line.prefix}alerts") if one.key == b"eve" and not of(bad, one)]
    assert [line.avro.decode(one.value)["value"] for one in alerts] == [at % 2 for at in range(1, good)]
    assert all(mail.recipients == ["eve@example.org"] for mail in smtp.mails)


def of(bad, record):
    return any(record.value == case.record.value for case in bad)


def test_kinds():
    """At least 20 kinds, as promised."""
    assert len({case.name for case in json_cases()}) >= 20
