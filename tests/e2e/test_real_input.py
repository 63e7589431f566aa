"""The recorded series, whole, through real Kafka: what comes out is what the oracle says, alert by alert."""
from itertools import count

import pytest

from support.line import Line, assert_alerts, assert_delivered, assert_views, recorded, user

SEED = 3
WAIT_S = 100
MAILS_S = 240  # For thousands of mails, on a busy machine.
FX = ("USD", "JPY", "GBP", "TRY", "ISK", "CYP")  # Two of them end, one has gaps.
USERS = ("ada", "grace", "édith", "linus", "margaret", "radia")


def chosen(series):
    """Two users a series, in turn, so that every kind of subscription meets several series."""
    turn = count()
    for name, quotes in series.items():
        if name.startswith("fx:EUR/") and name.removeprefix("fx:EUR/") not in FX:
            continue
        at = next(turn)
        users = {USERS[at % 6], USERS[(at + 3) % 6]}
        yield from (one for one in recorded.subscriptions_for(quotes, SEED) if one["user_id"] in users)


@pytest.mark.timeout(600)
def test_every_recorded_series(soglia, kafka, avro, prefix, smtp):
    line = Line(soglia, kafka, avro, prefix).apply()
    process = soglia.start("run", "all")
    soglia.wait_ready(process)
    files = recorded.read_all()
    series = recorded.by_instrument(quote for quotes in files.values() for quote in quotes)

    line.give("users", [user(name) for name in USERS])
    line.give("subscriptions", list(chosen(series)))
    line.wait_taken("notifications", "users")
    line.wait_taken("alerts", "subscriptions")
    for file in files:
        soglia.run(*recorded.command_line(file), timeout_s=WAIT_S)
    quotes = line.read("quotes")
    assert as_recorded(quotes) == series

    expected = line.expected_alerts(quotes)
    assert len(expected) > (5000 if recorded.available() else 1500) and {alert["edge"] for alert in expected} == {"ENTERED", "CLEARED"}
    assert_alerts(line.wait_for("alerts", len(expected), WAIT_S), expected)

    notified = sum(alert["notify"] for alert in expected)
    mails = smtp.wait_for(notified, MAILS_S)
    line.wait_for("deliveries", notified, WAIT_S)
    assert_views(line, quotes)
    assert process.end() == 0
    assert_alerts(line.read("alerts"), expected)
    assert_delivered(line, mails)
    assert line.kafka.read(f"{prefix}dead-letters") == []
    print(f"{len(files)} files, {len(quotes)} quotes, {len(expected)} alerts, {len(mails)} mails"
          + ("" if recorded.available() else "; the recorded files are absent, generated ones stood in"))


def as_recorded(quotes):
    """The quotes in the topic by instrument, in order."""
    fields = recorded.Quote._fields
    return recorded.by_instrument(recorded.Quote(*(one.value[name] for name in fields)) for one in quotes)
