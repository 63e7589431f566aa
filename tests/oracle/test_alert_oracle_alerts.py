"""The alerts of one cause in order, and each field of an alert."""

import hashlib

import pytest

from oracle_line import AAPL, Line


@pytest.fixture
def line():
    return Line()


# Order of the alerts of one cause.


def test_order_cleared_then_bytes_of_the_id_then_low(line):
    ids = ("é", "b", "\U0001f4c8", "B", "\uff5e", "b1")
    for id in ids:
        line.subscribe(subscription_id=id, low=180.0, high=190.0)
    line.quote(170.0)
    alerts = line.quote_whole(195.0)
    in_bytes = ["B", "b", "b1", "é", "\uff5e", "\U0001f4c8"]
    assert [(alert["edge"], alert["subscription_id"]) for alert in alerts] == (
        [("CLEARED", id) for id in in_bytes] + [("ENTERED", id) for id in in_bytes]
    )


def test_order_cleared_before_entered_within_one_subscription(line):
    # Nothing is beyond both sides, nor does one leave both at once, so LOW and HIGH share no edge.
    line.subscribe(low=180.0, high=190.0)
    line.quote(170.0)
    assert line.quote(200.0) == ["LOW CLEARED", "HIGH ENTERED"]
    assert line.quote(170.0) == ["HIGH CLEARED", "LOW ENTERED"]
    assert line.subscribe(low=150.0, high=160.0) == ["LOW CLEARED", "HIGH ENTERED"]


# The fields of an alert.


def test_fields_of_an_alert_from_a_quote(line):
    line.subscribe(high=190, label="più", user_id="grace")
    line.quote(185, 10)
    [alert] = line.quote_whole(191.5, 20)
    text = "s1\x1f1\x1fquotes\x1f0\x1f2\x1fHIGH\x1fENTERED"
    assert alert == {
        "alert_id": hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),
        "subscription_id": "s1",
        "subscription_version": 1,
        "user_id": "grace",
        "instrument": AAPL,
        "side": "HIGH",
        "edge": "ENTERED",
        "initial": False,
        "threshold": 190.0,
        "value": 191.5,
        "previous_value": 185.0,
        "event_time": 20,
        "cause": {"topic": "quotes", "partition": 0, "offset": 2},
        "suppressed": None,
        "notify": True,
        "label": "più",
    }


def test_fields_of_an_alert_from_a_subscription(line):
    line.quote(185.0, 10)
    line.quote(191.5, 20)
    [alert] = line.subscribe_whole(high=190.0)
    text = "s1\x1f1\x1fsubscriptions\x1f0\x1f2\x1fHIGH\x1fENTERED"
    assert alert["alert_id"] == hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    assert alert["cause"] == {"topic": "subscriptions", "partition": 0, "offset": 2}
    assert (alert["value"], alert["previous_value"], alert["event_time"]) == (191.5, None, 20)


def test_the_known_alert_id():
    # By hand, for whoever writes it a third time: printf 's1\0371\037quotes...' | b2sum -l 128
    text = b"s1\x1f1\x1fquotes\x1f0\x1f2\x1fHIGH\x1fENTERED"
    assert hashlib.blake2b(text, digest_size=16).hexdigest() == "8fe824eac2c6b676b8993eb70d35d25b"


def test_threshold_is_not_the_clearing_level(line):
    line.subscribe(high=190.0, rearm=5.0)
    line.quote(191.0)
    [alert] = line.quote_whole(180.0)
    assert alert["threshold"] == 190.0


def test_previous_value_of_the_first_quote_is_null(line):
    line.subscribe(high=190.0)
    [alert] = line.quote_whole(191.0)
    assert alert["previous_value"] is None


@pytest.mark.parametrize("notify_cleared", [True, False])
def test_notify(line, notify_cleared):
    line.subscribe(high=190.0, cooldown_ms=100, notify_cleared=notify_cleared)
    line.quote(100.0, 0)
    moves = [(191.0, 10), (100.0, 20), (191.0, 30), (100.0, 40)]
    alerts = [alert for move in moves for alert in line.quote_whole(*move)]
    assert [alert["notify"] for alert in alerts] == [True, notify_cleared, False, False]
