"""What the oracle refuses, what is late, and what a change of a subscription does."""

import math

import pytest

from alert_oracle import CLEAR, PENDING, UNKNOWN, VIOLATED, Refused
from oracle_line import AAPL, DAY_MS, Line, TEN_YEARS_MS, enter_and_clear


@pytest.fixture
def line():
    return Line()


# A quote: refused, late, taken.


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_value_not_finite_is_refused(line, value):
    with pytest.raises(Refused, match="value"):
        line.quote(value)


@pytest.mark.parametrize(
    "instrument, why",
    [
        ("", "empty"),
        ("x" * 129, "128 bytes"),
        ("é" * 65, "128 bytes"),
        ("a\tb", "control"),
        ("a\x1f", "control"),
        ("a\x7f", "control"),
        ("\udc80", "UTF-8"),
    ],
)
def test_bad_instrument_is_refused(line, instrument, why):
    with pytest.raises(Refused, match=f"instrument.*{why}"):
        line.quote(1.0, instrument=instrument)
    with pytest.raises(Refused, match=f"instrument.*{why}"):
        line.subscribe(instrument=instrument, high=1.0)


@pytest.mark.parametrize("instrument", ["x", "x" * 128, "é" * 64, "a b", "a\x80"])
def test_instruments_at_the_limit_are_taken(line, instrument):
    assert line.quote(1.0, instrument=instrument) == []


@pytest.mark.parametrize("time, taken", [(-1, False), (0, True)])
def test_event_time_before_1970(line, time, taken):
    if taken:
        assert line.quote(1.0, time) == []
        return
    with pytest.raises(Refused, match="1970"):
        line.quote(1.0, time)


def test_event_time_a_day_after_the_record(line):
    assert line.quote(1.0, 5000 + DAY_MS, at=5000) == []
    with pytest.raises(Refused, match="a day after"):
        line.quote(1.0, 5000 + DAY_MS + 1, at=5000)


def test_key_other_than_the_instrument_is_refused(line):
    with pytest.raises(Refused, match="key"):
        line.quote(1.0, key="stock:MSFT")
    with pytest.raises(Refused, match="key"):
        line.subscribe(high=1.0, key="stock:MSFT")


def test_a_refused_quote_changes_nothing(line):
    line.subscribe(high=190.0)
    line.quote(185.0, 10)
    with pytest.raises(Refused):
        line.quote(math.inf, 20)
    assert line.quote(191.0, 15) == ["HIGH ENTERED"]
    assert line.oracle.late(AAPL) == 0


def test_a_late_quote_is_counted_and_moves_nothing(line):
    line.subscribe(high=190.0)
    line.quote(185.0, 100)
    assert line.quote(200.0, 99) == []
    assert line.oracle.late(AAPL) == 1
    [alert] = line.quote_whole(191.0, 100)
    assert alert["previous_value"] == 185.0


def test_late_is_counted_by_instrument(line):
    line.quote(1.0, 100)
    line.quote(1.0, 50, instrument="stock:MSFT")
    line.quote(1.0, 99)
    assert [line.oracle.late(name) for name in (AAPL, "stock:MSFT", "never seen")] == [1, 0, 0]


def test_equal_times_are_taken_in_order(line):
    line.subscribe(high=190.0)
    assert line.quote(185.0, 100) == []
    assert line.quote(191.0, 100) == ["HIGH ENTERED"]
    assert line.quote(185.0, 100) == ["HIGH CLEARED"]


# A subscription change: refused.


@pytest.mark.parametrize(
    "fields, why",
    [
        ({"subscription_id": ""}, "subscription_id is empty"),
        ({"subscription_id": "s" * 129}, "subscription_id is over"),
        ({"subscription_id": "s\n"}, "subscription_id has control"),
        ({"user_id": ""}, "user_id is empty"),
        ({"user_id": "é" * 65}, "user_id is over"),
        ({"user_id": "\x7f"}, "user_id has control"),
        ({"high": None}, "no threshold"),
        ({"high": math.inf}, "high is not finite"),
        ({"low": math.nan}, "low is not finite"),
        ({"low": -math.inf, "active": False}, "low is not finite"),
        ({"rearm": math.nan}, "rearm"),
        ({"rearm": math.inf}, "rearm"),
        ({"rearm": -5e-324}, "rearm"),
        ({"hold_ms": -1}, "hold_ms"),
        ({"hold_ms": TEN_YEARS_MS + 1}, "hold_ms"),
        ({"cooldown_ms": -1}, "cooldown_ms"),
        ({"paused_until": -1}, "paused_until"),
        ({"paused_until": 253_402_300_800_000}, "paused_until"),
        ({"cooldown_ms": TEN_YEARS_MS + 1}, "cooldown_ms"),
        ({"label": "l" * 257}, "label is over"),
        ({"label": "€" * 86}, "label is over"),
        ({"label": "a\nb"}, "label has control"),
        ({"low": 190.5}, "clear on both sides"),
        ({"low": 180.0, "rearm": 5.1}, "clear on both sides"),
        ({"low": 1.7e308, "high": 1.7e308, "rearm": 1.7e308}, "clear on both sides"),
        ({"version": -1}, "version is negative"),
    ],
)
def test_bad_subscription_is_refused(line, fields, why):
    with pytest.raises(Refused, match=why):
        line.subscribe(**({"high": 190.0} | fields))
    assert line.oracle.instruments == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"subscription_id": "s" * 128, "user_id": "é" * 64},
        {"rearm": -0.0},
        {"hold_ms": TEN_YEARS_MS, "cooldown_ms": TEN_YEARS_MS},
        {"label": ""},
        {"label": "l" * 256},
        {"low": 180.0, "rearm": 5.0},
        {"low": 190.0},
        {"version": 0},
        {"version": 2**63 - 1},
        {"high": None, "active": False},
    ],
)
def test_subscriptions_at_the_limit_are_taken(line, fields):
    assert line.subscribe(**({"high": 190.0} | fields)) == []


def test_a_lower_version_is_refused_and_changes_nothing(line):
    line.subscribe(high=190.0, version=5)
    with pytest.raises(Refused, match="version 4"):
        line.subscribe(high=10.0, version=4)
    assert line.quote(100.0) == []


def test_an_equal_version_is_taken(line):
    line.subscribe(high=190.0, version=5)
    line.subscribe(high=10.0, version=5)
    assert line.quote(100.0) == ["HIGH ENTERED initial"]


def test_versions_count_by_instrument_and_id(line):
    line.subscribe(high=190.0, version=5)
    assert line.subscribe(high=190.0, version=1, subscription_id="s2") == []
    assert line.subscribe(high=190.0, version=1, instrument="stock:MSFT") == []


def test_the_version_outlives_the_end(line):
    line.subscribe(high=190.0, version=5)
    line.end(version=6)
    with pytest.raises(Refused, match="version 5"):
        line.subscribe(high=190.0, version=5)


def test_the_version_of_an_end_is_taken_even_if_nothing_began(line):
    line.end(version=6)
    with pytest.raises(Refused, match="version 5"):
        line.subscribe(high=190.0, version=5)


# A subscription change: taken.


def test_ended_subscription_raises_nothing(line):
    line.subscribe(high=190.0)
    line.quote(191.0)
    assert line.end() == []
    assert line.quote(100.0) == []
    assert line.quote(191.0) == []


def test_end_and_resubscribe_may_alert_again_and_forgets_the_cooldown(line):
    line.subscribe(high=190.0, cooldown_ms=1000)
    line.quote(191.0, 10)
    line.end()
    assert line.subscribe(high=190.0, cooldown_ms=1000) == ["HIGH ENTERED initial"]


def test_an_end_that_still_names_its_thresholds_ends_as_well(line):
    line.subscribe(high=190.0)
    line.quote(191.0)
    assert line.end(high=200.0) == []
    assert line.quote(100.0) == []
    assert line.quote(191.0) == []
    assert line.subscribe(high=180.0) == ["HIGH ENTERED initial"]


def test_a_removed_threshold_drops_state_and_cooldown(line):
    line.subscribe(low=180.0, high=190.0, cooldown_ms=1000)
    assert line.quote(191.0, 10) == ["HIGH ENTERED initial"]
    assert line.subscribe(low=180.0, cooldown_ms=1000) == []
    assert line.state("HIGH") is None
    again = line.subscribe(low=180.0, high=190.0, cooldown_ms=1000)
    assert again == ["HIGH ENTERED initial"]


def test_an_added_threshold_begins_unknown(line):
    line.subscribe(low=180.0)
    line.quote(200.0)
    assert line.subscribe(low=180.0, high=190.0) == ["HIGH ENTERED initial"]
    assert line.state("LOW") == CLEAR


def test_a_pending_side_unchanged_keeps_its_since(line):
    line.subscribe(high=190.0, hold_ms=10)
    line.quote(189.0, 90)
    line.quote(191.0, 100)
    line.quote(192.0, 105)
    assert line.subscribe(high=190.0, hold_ms=10, cooldown_ms=7, label="new", low=1.0) == []
    assert line.side("HIGH").since == 100
    assert line.quote(191.0, 110) == ["HIGH ENTERED"]


@pytest.mark.parametrize("change", [{"high": 190.5}, {"rearm": 1.0}, {"hold_ms": 9}])
@pytest.mark.parametrize("was_clear", [True, False])
def test_a_pending_side_changed_begins_its_hold_at_the_last_quote(line, change, was_clear):
    line.subscribe(high=190.0, hold_ms=10)
    if was_clear:
        line.quote(189.0, 90)
    line.quote(191.0, 100)
    line.quote(192.0, 105)
    assert line.subscribe(**({"high": 190.0, "hold_ms": 10} | change)) == []
    side = line.side("HIGH")
    assert (side.state, side.since, side.was_clear) == (PENDING, 105, was_clear)
    assert line.quote(191.0, 113) == []
    expected = ["HIGH ENTERED"] if was_clear else ["HIGH ENTERED initial"]
    assert line.quote(191.0, 115) == expected


@pytest.mark.parametrize("was_clear", [True, False])
def test_a_hold_taken_away_enters_at_once(line, was_clear):
    line.subscribe(high=190.0, hold_ms=10)
    if was_clear:
        line.quote(189.0, 90)
    line.quote(191.0, 100)
    expected = ["HIGH ENTERED"] if was_clear else ["HIGH ENTERED initial"]
    assert line.subscribe(high=190.0) == expected


def test_a_pending_low_is_reset_by_rearm_but_not_by_the_high_threshold(line):
    line.subscribe(low=180.0, high=190.0, hold_ms=10)
    line.quote(170.0, 100)
    line.quote(170.0, 105)
    line.subscribe(low=180.0, high=191.0, hold_ms=10)
    assert line.side("LOW").since == 100
    line.subscribe(low=180.0, high=191.0, hold_ms=10, rearm=1.0)
    assert line.side("LOW").since == 105


def test_a_violated_side_moved_out_of_the_way_clears(line):
    line.subscribe(high=190.0)
    line.quote(191.0)
    [alert] = line.subscribe_whole(high=200.0)
    assert (alert["edge"], alert["threshold"], alert["subscription_version"]) == (
        "CLEARED",
        200.0,
        2,
    )


def test_a_violated_side_still_beyond_or_in_the_band_stays(line):
    line.subscribe(high=190.0)
    line.quote(191.0)
    assert line.subscribe(high=185.0) == []
    assert line.subscribe(high=192.0, rearm=5.0) == []
    assert line.quote(187.0) == ["HIGH CLEARED"]


def test_a_violated_side_given_a_hold_stays_violated(line):
    line.subscribe(high=190.0)
    line.quote(191.0)
    assert line.subscribe(high=190.0, hold_ms=1000) == []
    assert line.state("HIGH") == VIOLATED


def test_the_last_entered_outlives_a_change_of_threshold(line):
    line.subscribe(high=190.0, cooldown_ms=1000)
    line.quote(100.0, 0)
    enter_and_clear(line, 10)
    line.quote(185.0, 11)
    assert line.subscribe(high=180.0, cooldown_ms=1000) == ["HIGH ENTERED cooldown"]


def test_without_a_last_quote_nothing_is_judged(line):
    assert line.subscribe(high=190.0) == []
    assert line.subscribe(high=180.0) == []
    assert line.state("HIGH") == UNKNOWN


def test_the_same_again_changes_nothing(line):
    line.subscribe(high=190.0, rearm=1.0)
    line.quote(191.0)
    assert line.subscribe(high=190.0, rearm=1.0) == []
    assert line.state("HIGH") == VIOLATED


def test_judged_on_the_last_quote_that_was_not_late(line):
    line.quote(100.0, 100)
    line.quote(200.0, 50)
    assert line.subscribe(high=190.0) == []
    assert line.subscribe(high=90.0) == ["HIGH ENTERED"]
