"""kill -9 at random moments: what comes out is what comes out without it."""
import json
import time

import pytest

from judge import INPUTS, cut_off
from storm import STOP_S, WAIT_S, Progress, Roles, parts
from support.kafka import Reader, Record
from support.line import assert_alerts, assert_delivered, assert_views, quote, recorded, subscription, user
from support.wait import until

PARTITIONS = 4
ABSENT_EVERY = 20  # Kills.
FILES = [file for file in recorded.FILES if file.startswith("nab/")]
USERS = ("ada", "grace", "édith", "linus", "margaret", "radia")
ROLES = {"ingest": ("run", "ingest"), "notifications": ("run", "notifications"), "deliver": ("deliver",), "serve": ("serve",)}


def series():
    """60,000 quotes of eight series, mixed as they would come: each series in its order."""
    files = [recorded.read(file) for file in FILES]
    return [one for _, one in sorted(((at / len(quotes), one) for quotes in files for at, one in enumerate(quotes)),
                                     key=lambda pair: pair[0])], files


def chosen(files):
    """A user a series, in turn."""
    for at, quotes in enumerate(files):
        yield recorded.subscriptions_for(quotes, 3)[at % len(USERS)]


@pytest.mark.timeout(2400)
def test_every_role_killed_at_random(line, soglia, smtp, dice, kills, judge, tmp_path):
    """Two instances share the alerts' partitions; now and then one stays away until the other has taken over."""
    homes = [tmp_path / f"alerts-{at}" for at in range(2)]
    roles = Roles(soglia, ROLES | {f"alerts-{at}": ("run", "alerts", f"--run.instance={at}", f"--state.dir={home}",
                                                    "--kafka.session_timeout=2s") for at, home in enumerate(homes)})
    soglia.wait_ready(roles.running["serve"])
    quotes, files = series()
    line.give("users", [user(name) for name in USERS])
    line.give("subscriptions", list(chosen(files)))
    line.wait_taken("notifications", "users", WAIT_S)
    line.wait_taken("alerts", "subscriptions", WAIT_S)

    with Progress(line, ("quotes", "alerts", "notifications", "deliveries"), smtp.mails) as progress:
        for number, part in enumerate(parts(quotes, kills)):
            give_json(line, part)
            progress.pass_on(dice.randrange(1, len(part) * 4 // 3 + 2))
            if number % ABSENT_EVERY == ABSENT_EVERY - 1:
                absent = dice.choice(("alerts-0", "alerts-1"))
                roles.running[absent].kill9()
                line.wait_taken("alerts", "quotes", WAIT_S)
                roles.kill(absent)
            else:
                roles.kill(dice.choice(list(roles.running)))

    for role, topics in INPUTS.items():
        for topic in topics:
            line.wait_taken(role, topic, WAIT_S)
    line.kafka.read_until(f"{line.prefix}deliveries", len(line.read("notifications")), WAIT_S)
    soglia.wait_ready(roles.running["serve"])
    assert_views(line)
    assert roles.end() == dict.fromkeys(roles.running, 0)

    judge.ingested({"instrument": one.instrument, "value": one.value, "event_time": one.event_time} for one in quotes)
    expected = judge.alerts()
    assert expected > (2000 if recorded.available() else 500)
    judge.notified()
    doubled = judge.delivered(smtp.mails, cut_off(smtp.mails, roles.killed_at["deliver"]))
    judge.offsets({role: homes if role == "alerts" else [soglia.state] for role in INPUTS})
    judge.states(PARTITIONS)
    print(f"killed {roles.kills()}; {len(quotes)} quotes, {expected} alerts, {len(smtp.mails)} mails, {doubled} of them twice")


def give_json(line, quotes):
    """As people send them; ingest makes Avro of them."""
    line.kafka.produce(line.prefix + "quotes.json", [
        Record(one.instrument, json.dumps({"instrument": one.instrument, "value": one.value,
                                           "event_time": one.event_time, "source": one.source})) for one in quotes])


def toggle(line, count):
    """Quotes of which every one raises an alert."""
    return line.give("quotes", [quote("stock:A", 100 + at % 2, at) for at in count])


@pytest.mark.alone
def test_work_goes_on_under_a_second_after_kill_9(line, soglia):
    process = soglia.start("run", "alerts")
    line.give("subscriptions", [subscription("ada", "stock:A", high=100.5, notify_cleared=True)])
    line.wait_taken("alerts", "subscriptions")
    toggle(line, range(1, 4))
    line.wait_for("alerts", 3, WAIT_S)

    took = []
    for at in range(4, 9):
        process.kill9()
        toggle(line, [at])
        with Reader(line.kafka, line.prefix + "alerts") as reader:
            until(reader.read_some, WAIT_S, "the alerts before")
            started = time.monotonic()
            process = soglia.start("run", "alerts")
            until(lambda reader=reader, at=at: reader.read_some() and len(reader.records) >= at, WAIT_S,
                  "the next alert")
            took.append(time.monotonic() - started)
    print("s from start to the next committed alert:", ", ".join(f"{one:.3f}" for one in took))
    assert sorted(took)[len(took) // 2] < 1, took
    assert process.end() == 0
    assert_alerts(line.read("alerts"), line.expected_alerts())


def test_a_signal_ends_in_time_and_loses_nothing(line, soglia, smtp):
    quotes, files = series()
    line.give("users", [user(name) for name in USERS])
    line.give("subscriptions", list(chosen(files)))
    line.give("quotes", [quote(*one[:3]) for one in quotes])
    expected = line.expected_alerts()
    with Progress(line, ("alerts", "deliveries")) as progress:
        for _ in range(3):
            process = soglia.start("run", "all")
            progress.pass_on(500)
            assert process.end(STOP_S) == 0

    process = soglia.start("run", "all")
    line.wait_for("alerts", len(expected), WAIT_S)
    line.wait_for("deliveries", sum(alert["notify"] for alert in expected), WAIT_S)
    assert process.end(STOP_S) == 0
    assert_alerts(line.read("alerts"), expected)
    assert_delivered(line, smtp.mails)
