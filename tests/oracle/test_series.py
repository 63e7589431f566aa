"""The random cases are a real test: each thing that can happen in the rules happens often."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from alert_oracle import AlertOracle, Refused
from make_replay import replay_lines, take, to_json
from series import random_case

SEEDS = 2000

# What must happen often. A transition is "before > after", on a quote or on a subscription change.
TRANSITIONS = """
quotes UNKNOWN > CLEAR, quotes UNKNOWN > PENDING, quotes UNKNOWN > VIOLATED,
quotes CLEAR > CLEAR, quotes CLEAR > PENDING, quotes CLEAR > VIOLATED,
quotes PENDING > CLEAR, quotes PENDING > PENDING, quotes PENDING > VIOLATED,
quotes VIOLATED > CLEAR, quotes VIOLATED > VIOLATED,
subscriptions none > UNKNOWN, subscriptions none > CLEAR, subscriptions none > PENDING,
subscriptions none > VIOLATED, subscriptions CLEAR > CLEAR, subscriptions CLEAR > PENDING,
subscriptions CLEAR > VIOLATED, subscriptions CLEAR > none,
subscriptions PENDING > CLEAR, subscriptions PENDING > PENDING, subscriptions PENDING > VIOLATED,
subscriptions PENDING > none, subscriptions VIOLATED > CLEAR, subscriptions VIOLATED > VIOLATED,
subscriptions VIOLATED > none, subscriptions UNKNOWN > UNKNOWN, subscriptions UNKNOWN > none,
""".replace("\n", " ")

KINDS = [kind.strip() for kind in TRANSITIONS.split(",") if kind.strip()] + [
    "ENTERED initial",
    "ENTERED initial after a hold",
    "ENTERED after a hold",
    "ENTERED at exactly the hold",
    "ENTERED cooldown",
    "ENTERED at exactly the cooldown",
    "CLEARED cooldown",
    "ENTERED paused",
    "ENTERED paused within the cooldown",
    "ENTERED at exactly the end of the pause",
    "CLEARED paused",
    "CLEARED paused of an ENTERED that was told",
    "CLEARED paused after the pause",
    "CLEARED with notify_cleared",
    "CLEARED at exactly the clearing level",
    "inside the band",
    "not beyond at exactly the threshold",
    "PENDING reset by a change",
    "two edges of one subscription",
    "several subscriptions at one cause",
    "late",
    "equal time",
    "resubscribed",
    "equal version taken",
    "value -0.0",
    "refused: value",
    "refused: event_time",
    "refused: key",
    "refused: instrument",
    "refused: subscription_id",
    "refused: user_id",
    "refused: no threshold at all",
    "refused: low",
    "refused: high",
    "refused: rearm",
    "refused: hold_ms",
    "refused: cooldown_ms",
    "refused: paused_until",
    "refused: label",
    "refused: no value would be clear",
    "refused: version is negative",
    "refused: version below",
]


def snapshot(oracle):
    """The state of every side, as plain values."""
    return {
        (name, subscription.id, side): (
            state.state,
            state.since,
            state.was_clear,
            state.last_entered,
            state.suppressed,
        )
        for name, instrument in oracle.instruments.items()
        for subscription in instrument.subscriptions.values()
        for side, state in subscription.sides.items()
    }


def refused_kind(refused):
    reason = str(refused)
    if "already taken" in reason:
        return "refused: version below"
    return next(
        (kind for kind in KINDS if kind[:9] == "refused: " and reason.startswith(kind[9:])), reason
    )


def count_case(kinds, seed):
    oracle = AlertOracle()
    for event in random_case(seed):
        before = snapshot(oracle)
        instrument = oracle.instruments.get(event["value"]["instrument"])
        times = (instrument.late, instrument.last_event_time) if instrument else (0, None)
        old = instrument and instrument.subscriptions.get(event["value"].get("subscription_id"))
        try:
            alerts = take(oracle, event)
        except Refused as refused:
            kinds[refused_kind(refused)] += 1
            assert snapshot(oracle) == before
            continue
        count_transitions(kinds, event, before, snapshot(oracle), old)
        count_alerts(kinds, oracle, alerts, before)
        if event["given"] == "quotes":
            count_quote(kinds, oracle, event["value"], times)


def count_transitions(kinds, event, before, after, old):
    value = event["value"]
    for place in before.keys() | after.keys():
        if place[0] != value["instrument"] or place[1] != value.get("subscription_id", place[1]):
            continue
        was, now = before.get(place, ("none", None)), after.get(place, ("none", None))
        kinds[f"{event['given']} {was[0]} > {now[0]}"] += 1
        kinds["PENDING reset by a change"] += was[0] == now[0] == "PENDING" and was[1] != now[1]
    if event["given"] == "subscriptions" and old is not None:
        kinds["resubscribed"] += value["active"] and not old.active
        kinds["equal version taken"] += value["version"] == old.version


def count_alerts(kinds, oracle, alerts, before):
    for alert in alerts:
        subscription = oracle.instruments[alert["instrument"]].subscriptions[
            alert["subscription_id"]
        ]
        was = before.get(
            (alert["instrument"], alert["subscription_id"], alert["side"]),
            ("none", None, False, None, None),
        )
        time = alert["event_time"]
        held = alert["edge"] == "ENTERED" and was[0] == "PENDING" and subscription.hold_ms > 0
        words = alert["edge"] + (" initial" if alert["initial"] else "")
        kinds[words] += alert["initial"]
        kinds[f"{words} after a hold"] += held
        kinds["ENTERED at exactly the hold"] += held and time - was[1] == subscription.hold_ms
        kinds[f"{alert['edge']} {alert['suppressed']}"] += 1
        count_pause(kinds, subscription, alert, was)
        if alert["edge"] == "CLEARED":
            kinds["CLEARED with notify_cleared"] += subscription.notify_cleared
            rearm = subscription.rearm if alert["side"] == "LOW" else -subscription.rearm
            kinds["CLEARED at exactly the clearing level"] += (
                alert["value"] == alert["threshold"] + rearm
            )
        elif was[3] is not None and subscription.cooldown_ms > 0:
            kinds["ENTERED at exactly the cooldown"] += time - was[3] == subscription.cooldown_ms
    ids = [alert["subscription_id"] for alert in alerts]
    kinds["two edges of one subscription"] += len(ids) > len(set(ids))
    kinds["several subscriptions at one cause"] += len(set(ids)) > 1


def count_pause(kinds, subscription, alert, was):
    until, time = subscription.paused_until, alert["event_time"]
    paused = alert["suppressed"] == "paused"
    if alert["edge"] == "CLEARED":
        kinds["CLEARED paused of an ENTERED that was told"] += paused and was[4] is None
        kinds["CLEARED paused after the pause"] += paused and (until is None or time >= until)
        return
    kinds["ENTERED at exactly the end of the pause"] += time == until
    last = was[3]
    cooling = last is not None and time - last < subscription.cooldown_ms
    kinds["ENTERED paused within the cooldown"] += paused and cooling


def count_quote(kinds, oracle, quote, times):
    instrument = oracle.instruments[quote["instrument"]]
    late, last_event_time = times
    if instrument.late > late:
        kinds["late"] += 1
        return
    kinds["equal time"] += quote["event_time"] == last_event_time
    kinds["value -0.0"] += str(quote["value"]) == "-0.0"
    for subscription in instrument.subscriptions.values():
        for side, state in subscription.sides.items():
            distance = quote["value"] - subscription.thresholds[side]
            kinds["not beyond at exactly the threshold"] += distance == 0 and state.state == "CLEAR"
            inside = distance <= 0 if side == "HIGH" else distance >= 0
            kinds["inside the band"] += inside and state.state == "VIOLATED"


def test_every_kind_happens_often():
    kinds = Counter()
    for seed in range(SEEDS):
        count_case(kinds, seed)
    rare = {kind: kinds[kind] for kind in KINDS if kinds[kind] < 30}
    assert rare == {}, "these happen in fewer than 30 places of 2,000 cases"


def test_cases_are_small_and_their_records_in_order():
    for seed in range(200):
        events = random_case(seed)
        assert 20 <= len(events) <= 61
        assert all(one["at"] < next["at"] for one, next in zip(events, events[1:]))
        for topic in ("quotes", "subscriptions"):
            offsets = [event["offset"] for event in events if event["given"] == topic]
            assert offsets == list(range(len(offsets)))


def test_a_seed_gives_the_same_bytes_whatever_the_hash_seed_and_the_jobs():
    program = str(Path(__file__).with_name("make_replay.py"))
    outputs = set()
    for hash_seed, jobs in (("1", "1"), ("2", "2")):
        command = [sys.executable, program, "--from", "7", "--to", "500", "--jobs", jobs]
        environment = {"PYTHONHASHSEED": hash_seed, "LC_ALL": "C"}
        outputs.add(
            subprocess.run(command, env=environment, capture_output=True, check=True).stdout
        )
    assert len(outputs) == 1


def test_the_first_cases_are_those_that_were_first_written():
    # A failing seed must stay the same case: change this only with the generator, on purpose.
    text = "".join(
        to_json(line) for seed in range(20) for line in replay_lines(str(seed), random_case(seed))
    )
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "a3ad01ed0b2a4288"


def test_lines_are_json_that_any_reader_takes():
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    for line in replay_lines("7", random_case(7)):
        assert json.loads(to_json(line), parse_constant=refuse) == line
    lines = [
        line for seed in range(300) for line in map(to_json, replay_lines("", random_case(seed)))
    ]
    assert any('"value":"NaN"' in line for line in lines)


def test_alerts_follow_the_event_that_causes_them():
    for seed in range(200):
        given = None
        for line in replay_lines(str(seed), random_case(seed)):
            if "given" in line:
                given = line
            elif line.get("then") == "alerts":
                cause = line["value"]["cause"]
                assert cause == {"topic": given["given"], "partition": 0, "offset": given["offset"]}
                assert line["key"] == line["value"]["user_id"]
            elif line.get("then") == "dead-letters":
                assert line["key"] == given["key"]
