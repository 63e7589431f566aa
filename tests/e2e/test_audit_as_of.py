"""A view at a point of the past, against what the records up to there say."""
import json
import os
import random

import pytest

from support.line import Line, quote, subscription

START = 1_760_000_000_000
NAMES = [f"stock:{at}" for at in range(12)]


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    return Line(soglia, kafka, avro, prefix).apply()


def rows(line, *words):
    return [json.loads(row) for row in line.soglia.run("audit", "as-of", *words, "--json").text.splitlines()]


def folded(records):
    """The instruments that these records of quotes leave behind."""
    known = {}
    for record in records:
        value = record.value
        last = known.setdefault(value["instrument"], {"instrument": value["instrument"], "count": 0, "late": 0, "event_time_ms": -1})
        last["count"] += 1
        if value["event_time"] < last["event_time_ms"]:
            last["late"] += 1
        else:
            last |= {"value": value["value"], "event_time_ms": value["event_time"], "position": {
                "topic": "quotes", "partition": record.partition, "offset": record.offset}}
    return known


def walk(line, count=400):
    """Quotes of several instruments, some late, one of them not a number; a second of record time lies between two."""
    pick = random.Random(count)
    for at in range(count):
        late = pick.random() < 0.1
        line.give("quotes", [quote(pick.choice(NAMES), round(pick.uniform(90, 110), 2), START + at * 1000 - late * 60_000)],
                  timestamp=START + at * 1000)
    line.give("quotes", [quote(NAMES[0], float("nan"), START)], timestamp=START + count * 1000)
    return [record for record in line.read("quotes") if record.value["value"] == record.value["value"]]


def test_instruments_at_times_and_offsets(line):
    """No processor runs and no journal is there: what counts are the records."""
    records = walk(line)
    for seconds in (0, 7, 200, 399, 10_000):
        then = START + seconds * 1000
        got = {one["instrument"]: one for one in rows(line, f"2025-10-09T{8 + (53 * 60 + 20 + seconds) // 3600:02}:"
                                                      f"{(53 * 60 + 20 + seconds) // 60 % 60:02}:{(20 + seconds) % 60:02}Z")}
        assert got == folded(record for record in records if record.timestamp <= then), seconds
    ends = {0: 17, 1: 0, 2: 30}
    got = {one["instrument"]: one for one in rows(line, ",".join(f"quotes:{at}={end}" for at, end in ends.items()))}
    assert got == folded(record for record in records if record.offset < ends.get(record.partition, 0))
    same = {one["instrument"]: one for one in rows(line, "quotes:0=17,1=0,2=30")}
    assert same == got


def test_one_instrument(line):
    records = walk(line, 60)
    got, = rows(line, "1m", f"--instrument={NAMES[3]}")
    assert got == folded(records)[NAMES[3]]
    shown = line.soglia.run("audit", "as-of", "1m", f"--instrument={NAMES[3]}").text
    assert shown.startswith(NAMES[3]) and f"[quotes/{got['position']['partition']}@{got['position']['offset']}]" in shown
    assert "nothing was known" in line.soglia.run("audit", "as-of", "1m", "--instrument=stock:none", code=1).stderr.decode()


def test_subscriptions_with_their_sides(line):
    """The thresholds stand where the records up to the point put them, not where they are now."""
    running = line.soglia.start("run", "alerts")
    kept, = line.give("subscriptions", [subscription("ada", "stock:A", low=1, high=2, version=1)])
    line.give("subscriptions", [subscription("bob", "stock:A", high=3, version=1)])
    line.wait_taken("alerts", "subscriptions")
    first, = line.give("quotes", [quote("stock:A", 1.5, START)])
    line.wait_taken("alerts", "quotes")
    second, = line.give("quotes", [quote("stock:A", 2.5, START + 1)])
    line.wait_taken("alerts", "quotes")
    line.give("subscriptions", [subscription("bob", "stock:A", high=3, version=2, active=False)])
    line.wait_taken("alerts", "subscriptions")
    third, = line.give("quotes", [quote("stock:A", 0.5, START + 2)])
    line.wait_taken("alerts", "quotes")

    def phases(end, *more):
        point = ",".join([f"quotes:{first.partition}={end}", *more])
        return {one["subscription"]["user_id"]: tuple(side and side["phase"] for side in (one["low"], one["high"]))
                for one in rows(line, point, "--view=subscriptions")}
    assert phases(first.offset + 1) == {"ada": ("CLEAR", "CLEAR"), "bob": (None, "CLEAR")}
    assert phases(second.offset + 1) == {"ada": ("CLEAR", "VIOLATED"), "bob": (None, "CLEAR")}
    assert phases(third.offset + 1) == {"ada": ("VIOLATED", "CLEAR")}
    assert phases(first.offset + 1, f"subscriptions:{kept.partition}={kept.offset + 1}") == {"ada": ("CLEAR", "CLEAR")}
    assert running.end() == 0
    shown = line.soglia.run("audit", "as-of", f"quotes:{first.partition}={second.offset + 1}", "--view=subscriptions").text
    assert "user ada  version 1  low 1 CLEAR  high 2 VIOLATED" in shown


def test_nothing_is_left_behind(line, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    walk(line, 20)
    assert rows(line, "1m")
    assert os.listdir(scratch) == []


@pytest.mark.parametrize("point", ["yesterday", "quotes:0", "quotes:0=", "quotes:x=1", "alerts:0=1", "quotes:0=-1", "0=1", "7",
                                   "quotes:0=1,,quotes:1=2"])
def test_wrong_points_are_usage_errors(soglia, point):
    said = soglia.run("audit", "as-of", point, code=2).stderr.decode()
    assert "neither a time" in said and "quotes:0=120" in said
