"""Pausing an alert through the API: what happens is recorded, and nobody is told."""
import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from support.site import MERGE, Site
from support.wait import until

WAIT_S = 20
LAST_MS = 253_402_300_799_999
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def site(kafka, tmp_path_factory):
    running = Site(kafka, tmp_path_factory.mktemp("site"))
    try:
        yield running.start()
    finally:
        running.end()


@pytest.fixture
def ada(site):
    return site.person()


def change(person, path, **fields):
    return person.ask("PATCH", path, json=fields, headers=MERGE)


def entered(person, instrument):
    """Why nobody was told of each violation, the oldest first."""
    alerts = person.get(f"/v1/alerts?instrument={instrument}").json()["alerts"]
    return [one["suppressed"] for one in reversed(alerts) if one["edge"] == "ENTERED"]


def wait_entered(person, instrument, reasons):
    until(lambda: entered(person, instrument) == reasons, WAIT_S, lambda: f"{reasons}; it is {entered(person, instrument)}")


def test_nobody_is_told_until_it_is_resumed(site, ada):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="milliseconds")
    made = ada.subscribe("stock:PAUSE", high=10, notify_cleared=True, paused_until=tomorrow)
    path = made.headers["Location"]
    now = made.json()
    assert datetime.fromisoformat(now["paused_until"]) == datetime.fromisoformat(tomorrow)
    assert now["paused_until_ms"] == datetime.fromisoformat(tomorrow).timestamp() * 1000
    for value in (11, 9, 12):
        site.quote("stock:PAUSE", value)
    wait_entered(ada, "stock:PAUSE", ["paused", "paused"])
    story = ada.get("/v1/alerts?instrument=stock:PAUSE").json()["alerts"]
    assert all((one["suppressed"], one["notify"]) == ("paused", False) for one in story) and len(story) == 3
    resumed = change(ada, path, paused_until=None)
    assert (resumed.json()["paused_until"], resumed.json()["paused_until_ms"]) == (None, None)
    site.quote("stock:PAUSE", 8)
    site.quote("stock:PAUSE", 13)
    mail, = site.wait_for_mails(ada.email, 1)
    assert "13" in mail.message["Subject"]
    assert entered(ada, "stock:PAUSE") == ["paused", "paused", None]
    # Mails come in the order of the alerts: none of the others is still to come.
    site.quote("stock:PAUSE", 7)
    assert len(site.wait_for_mails(ada.email, 2)) == 2


def test_a_pause_ends_by_the_time_of_the_quotes(site, ada):
    """A series of the past and the future, as recorded ones are."""
    now = int(time.time() * 1000)
    made = ada.subscribe("stock:TIME", high=10, paused_until=now + HOUR_MS)
    assert made.json()["paused_until_ms"] == now + HOUR_MS
    site.kcat(*({"instrument": "stock:TIME", "value": value, "event_time": now + at}
                for value, at in ((11, 0), (9, 1), (12, HOUR_MS - 1), (8, HOUR_MS - 1), (13, HOUR_MS))))
    mail, = site.wait_for_mails(ada.email, 1)
    assert "13" in mail.message["Subject"]
    assert entered(ada, "stock:TIME") == ["paused", "paused", None]


def test_a_pause_alone_raises_nothing(site, ada):
    """Beyond its threshold, told, paused and resumed: no second initial alert."""
    path = ada.subscribe("stock:ALONE", high=10).headers["Location"]
    site.quote("stock:ALONE", 11)
    site.wait_for_mails(ada.email, 1)
    assert change(ada, path, paused_until=LAST_MS).json()["paused_until"] == "9999-12-31T23:59:59.999Z"
    assert change(ada, path, label="still paused").json()["paused_until_ms"] == LAST_MS
    assert change(ada, path, paused_until=None).status_code == 200
    site.quote("stock:ALONE", 12)
    site.quote("stock:ALONE", 9)
    site.quote("stock:ALONE", 13)
    assert len(site.wait_for_mails(ada.email, 2)) == 2
    assert entered(ada, "stock:ALONE") == [None, None]


@pytest.mark.parametrize("value", [-1, LAST_MS + 1, 2**63 - 1, 2**63, 1.5, True, "", "tomorrow", "2026-11-23", "2026-11-23T10:00:00",
                                   "9999-12-31T23:59:59-01:00", "1969-12-31T23:59:59Z", [], {}])
def test_times_that_cannot_be(ada, value):
    path = ada.subscribe("stock:WRONG", high=10).headers["Location"]
    for answer in (change(ada, path, paused_until=value),
                   ada.ask("POST", "/v1/subscriptions", json={"instrument": "stock:WRONG", "high": 10, "paused_until": value})):
        assert answer.status_code == 400, f"{value}: {answer.text}"
        assert answer.json()["pointer"] == "/paused_until", answer.text
    assert ada.get(path).json()["paused_until"] is None
    assert change(ada, path, paused_until_ms=1).json()["pointer"] == "/paused_until_ms"


def test_lines_pause_too_and_the_metric_says_why(site, ada):
    """As people produce them: a line of JSON with a time as people write it."""
    line = {"user_id": ada.user["user_id"], "subscription_id": "by-line", "instrument": "stock:LINE", "high": 10,
            "paused_until": "9999-12-31T23:59:59.999Z"}
    site.soglia.run("produce", "subscriptions.json", stdin=json.dumps(line).encode() + b"\n")
    until(lambda: [one["paused_until_ms"] for one in ada.get("/v1/subscriptions").json()["subscriptions"]] == [LAST_MS], WAIT_S, "it")
    site.quote("stock:LINE", 11)
    wait_entered(ada, "stock:LINE", ["paused"])
    assert 'soglia_alerts_suppressed_total{reason="paused"}' in site.soglia.get("/metrics").text
