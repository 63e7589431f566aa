"""The oracle against the tables of the page: arithmetic, judging, cooldown, the case table."""

import math

import pytest

from alert_oracle import CLEAR, PENDING, UNKNOWN, VIOLATED, Refused
from oracle_line import AAPL, DAY_MS, Line, above, below, enter_and_clear, short


@pytest.fixture
def line():
    return Line()


# Arithmetic: beyond, and clears when. Row by row, at equality and one double to either side.


@pytest.mark.parametrize(
    "fields, beyond, not_beyond",
    [({"high": 190.0}, above(190.0), 190.0), ({"low": 180.0}, below(180.0), 180.0)],
)
def test_equality_is_not_beyond(line, fields, beyond, not_beyond):
    side = "HIGH" if "high" in fields else "LOW"
    line.subscribe(**fields)
    assert line.quote(not_beyond) == []
    assert line.state(side) == CLEAR
    assert line.quote(beyond) == [f"{side} ENTERED"]


@pytest.mark.parametrize(
    "fields, far, stays, clears",
    [
        ({"high": 190.0}, 200.0, above(190.0), 190.0),
        ({"high": 190.0, "rearm": 5.0}, 200.0, above(185.0), 185.0),
        ({"low": 180.0}, 170.0, below(180.0), 180.0),
        ({"low": 180.0, "rearm": 5.0}, 170.0, below(185.0), 185.0),
    ],
)
def test_clearing_level(line, fields, far, stays, clears):
    side = "HIGH" if "high" in fields else "LOW"
    line.subscribe(**fields)
    line.quote(185.0)
    assert line.quote(far) == [f"{side} ENTERED"]
    assert line.quote(stays) == []
    assert line.state(side) == VIOLATED
    assert line.quote(clears) == [f"{side} CLEARED"]


def test_within_the_band_a_violated_side_neither_clears_nor_enters_again(line):
    line.subscribe(high=190.0, rearm=5.0)
    line.quote(100.0)
    line.quote(191.0)
    assert [line.quote(value) for value in (189.0, 191.0, 186.0, 195.0)] == [[]] * 4
    assert line.quote(185.0) == ["HIGH CLEARED"]
    assert line.quote(189.0) == []
    assert line.quote(190.5) == ["HIGH ENTERED"]


def test_clearing_level_is_rounded_as_doubles_are(line):
    # 0.3 - 0.1 is 0.19999999999999998 in doubles: 0.2 is not low enough.
    line.subscribe(high=0.3, rearm=0.1)
    line.quote(0.0)
    line.quote(1.0)
    assert line.quote(0.2) == []
    assert line.quote(0.3 - 0.1) == ["HIGH CLEARED"]


def test_minus_zero_equals_zero(line):
    line.subscribe(high=0.0, low=-0.0)
    assert line.quote(-0.0) == []
    assert line.quote(0.0) == []
    assert line.quote(5e-324) == ["HIGH ENTERED"]
    assert line.quote(-0.0) == ["HIGH CLEARED"]
    assert line.quote(-5e-324) == ["LOW ENTERED"]
    assert line.quote(-0.0) == ["LOW CLEARED"]


def test_minus_zero_for_zero_is_no_change_of_threshold(line):
    line.subscribe(high=0.0, hold_ms=10)
    line.quote(1.0, 100)
    line.subscribe(high=-0.0, hold_ms=10)
    assert line.side("HIGH").since == 100


def test_large_numbers(line):
    line.subscribe(high=1.7e308, rearm=1e308)
    line.quote(0.0)
    assert line.quote(1.75e308) == ["HIGH ENTERED"]
    assert line.quote(0.8e308) == []
    assert line.quote(1.7e308 - 1e308) == ["HIGH CLEARED"]


def test_a_clearing_level_that_overflows_is_never_reached(line):
    line.subscribe(high=-1.7e308, rearm=1e308)
    line.quote(-1.75e308)
    assert line.quote(0.0) == ["HIGH ENTERED"]
    assert line.quote(-1.7976931348623157e308) == []


# Judging a side: every cell of the table.


def test_unknown_beyond_without_hold(line):
    line.subscribe(high=190.0)
    assert line.state("HIGH") == UNKNOWN
    assert line.quote(191.0) == ["HIGH ENTERED initial"]
    assert line.state("HIGH") == VIOLATED


def test_unknown_beyond_with_hold(line):
    line.subscribe(high=190.0, hold_ms=10)
    assert line.quote(191.0, 100) == []
    assert line.state("HIGH") == PENDING
    assert (line.side("HIGH").since, line.side("HIGH").was_clear) == (100, False)


def test_unknown_not_beyond(line):
    line.subscribe(high=190.0)
    assert line.quote(189.0) == []
    assert line.state("HIGH") == CLEAR


def test_clear_beyond_without_hold(line):
    line.subscribe(high=190.0)
    line.quote(189.0)
    assert line.quote(191.0) == ["HIGH ENTERED"]
    assert line.state("HIGH") == VIOLATED


def test_clear_beyond_with_hold(line):
    line.subscribe(high=190.0, hold_ms=10)
    line.quote(189.0, 90)
    assert line.quote(191.0, 100) == []
    assert (line.side("HIGH").since, line.side("HIGH").was_clear) == (100, True)


def test_clear_not_beyond(line):
    line.subscribe(high=190.0)
    line.quote(189.0)
    assert line.quote(188.0) == []
    assert line.state("HIGH") == CLEAR


@pytest.mark.parametrize(
    "time, alerts", [(109, []), (110, ["HIGH ENTERED"]), (111, ["HIGH ENTERED"])]
)
def test_pending_beyond_enters_once_held_for_exactly_the_hold(line, time, alerts):
    line.subscribe(high=190.0, hold_ms=10)
    line.quote(189.0, 90)
    line.quote(191.0, 100)
    assert line.quote(191.0, time) == alerts


def test_pending_that_was_never_clear_enters_as_initial(line):
    line.subscribe(high=190.0, hold_ms=10)
    line.quote(191.0, 100)
    assert line.quote(191.0, 105) == []
    assert line.quote(191.0, 110) == ["HIGH ENTERED initial"]


def test_pending_not_beyond_is_clear_and_the_hold_begins_anew(line):
    line.subscribe(high=190.0, hold_ms=10)
    line.quote(191.0, 100)
    assert line.quote(190.0, 105) == []
    assert line.state("HIGH") == CLEAR
    assert line.quote(191.0, 106) == []
    assert line.quote(191.0, 115) == []
    assert line.quote(191.0, 116) == ["HIGH ENTERED"]


def test_pending_clears_at_the_threshold_whatever_the_rearm(line):
    line.subscribe(high=190.0, rearm=50.0, hold_ms=10)
    line.quote(191.0, 100)
    line.quote(190.0, 101)
    assert line.state("HIGH") == CLEAR


def test_violated_beyond_stays(line):
    line.subscribe(high=190.0)
    line.quote(191.0)
    assert line.quote(300.0) == []
    assert line.state("HIGH") == VIOLATED


def test_violated_that_clears(line):
    line.subscribe(high=190.0)
    line.quote(191.0)
    assert line.quote(190.0) == ["HIGH CLEARED"]
    assert line.state("HIGH") == CLEAR


def test_no_timer_ends_a_hold_and_other_instruments_do_not_either(line):
    line.subscribe(high=190.0, hold_ms=10)
    line.quote(191.0, 100)
    assert line.quote(191.0, 500, instrument="stock:MSFT") == []
    assert line.state("HIGH") == PENDING
    assert line.quote(191.0, 501) == ["HIGH ENTERED initial"]


# Cooldown.


def test_cooldown_suppresses_pairs_until_exactly_its_end(line):
    line.subscribe(high=190.0, cooldown_ms=100)
    line.quote(100.0, 0)
    assert enter_and_clear(line, 1000) == ["HIGH ENTERED", "HIGH CLEARED"]
    assert enter_and_clear(line, 1099) == ["HIGH ENTERED cooldown", "HIGH CLEARED cooldown"]
    assert enter_and_clear(line, 1100) == ["HIGH ENTERED", "HIGH CLEARED"]


def test_a_suppressed_entered_does_not_prolong_the_cooldown(line):
    line.subscribe(high=190.0, cooldown_ms=100)
    line.quote(100.0, 0)
    enter_and_clear(line, 1000)
    enter_and_clear(line, 1060)
    assert enter_and_clear(line, 1120) == ["HIGH ENTERED", "HIGH CLEARED"]


def test_cleared_after_the_cooldown_is_suppressed_as_its_entered_was(line):
    line.subscribe(high=190.0, cooldown_ms=100)
    line.quote(100.0, 0)
    enter_and_clear(line, 1000)
    assert line.quote(191.0, 1050) == ["HIGH ENTERED cooldown"]
    assert line.quote(100.0, 5000) == ["HIGH CLEARED cooldown"]


def test_sides_cool_down_apart(line):
    line.subscribe(low=180.0, high=190.0, cooldown_ms=100)
    line.quote(185.0, 0)
    assert line.quote(191.0, 10) == ["HIGH ENTERED"]
    assert line.quote(179.0, 20) == ["HIGH CLEARED", "LOW ENTERED"]


def test_a_cooldown_added_later_counts_from_the_last_entered(line):
    line.subscribe(high=190.0)
    line.quote(100.0, 0)
    enter_and_clear(line, 1000)
    line.subscribe(high=195.0, cooldown_ms=100)
    assert line.quote(196.0, 1099) == ["HIGH ENTERED cooldown"]


def test_an_initial_entered_starts_the_cooldown(line):
    line.subscribe(high=190.0, cooldown_ms=100)
    assert enter_and_clear(line, 1000) == ["HIGH ENTERED initial", "HIGH CLEARED"]
    assert enter_and_clear(line, 1001) == ["HIGH ENTERED cooldown", "HIGH CLEARED cooldown"]


def test_a_pause_suppresses_until_exactly_its_end_and_starts_no_cooldown(line):
    line.subscribe(high=190.0, cooldown_ms=100, paused_until=1000)
    assert enter_and_clear(line, 998) == ["HIGH ENTERED initial paused", "HIGH CLEARED paused"]
    assert line.quote(191.0, 999) == ["HIGH ENTERED paused"]
    assert line.quote(100.0, 1000) == ["HIGH CLEARED paused"]
    assert enter_and_clear(line, 1000) == ["HIGH ENTERED", "HIGH CLEARED"]
    assert enter_and_clear(line, 1099) == ["HIGH ENTERED cooldown", "HIGH CLEARED cooldown"]


def test_the_pause_is_named_before_the_cooldown(line):
    line.subscribe(high=190.0, cooldown_ms=100)
    assert enter_and_clear(line, 1000) == ["HIGH ENTERED initial", "HIGH CLEARED"]
    assert line.subscribe(high=190.0, cooldown_ms=100, paused_until=1020) == []
    assert enter_and_clear(line, 1019) == ["HIGH ENTERED paused", "HIGH CLEARED paused"]
    assert enter_and_clear(line, 1020) == ["HIGH ENTERED cooldown", "HIGH CLEARED cooldown"]


def test_a_change_of_the_pause_alone_raises_nothing(line):
    line.subscribe(low=180.0, high=190.0, hold_ms=10)
    line.quote(191.0, 1000)
    assert line.subscribe(low=180.0, high=190.0, hold_ms=10, paused_until=5000) == []
    assert line.state("HIGH") == "PENDING" and line.state("LOW") == "CLEAR"
    assert line.quote(191.0, 1010) == ["HIGH ENTERED initial paused"]
    # What began in the pause is not told after it, nor when it is ended early.
    assert line.subscribe(low=180.0, high=190.0, hold_ms=10) == []
    assert line.quote(192.0, 6000) == []
    assert line.quote(100.0, 6001) == ["HIGH CLEARED paused"]


def test_the_end_of_what_was_told_is_not_told_in_a_pause(line):
    line.subscribe(high=190.0, notify_cleared=True)
    assert line.quote(191.0, 1000) == ["HIGH ENTERED initial"]
    line.subscribe(high=190.0, notify_cleared=True, paused_until=2000)
    ended, = line.quote_whole(100.0, 1999)
    assert (ended["suppressed"], ended["notify"]) == ("paused", False)


def test_cooldown_is_judged_when_a_hold_ends(line):
    line.subscribe(high=190.0, hold_ms=10, cooldown_ms=100)
    line.quote(100.0, 0)
    line.quote(191.0, 1000)
    assert line.quote(191.0, 1010) == ["HIGH ENTERED"]
    line.quote(100.0, 1020)
    line.quote(191.0, 1099)
    assert line.quote(191.0, 1110) == ["HIGH ENTERED"]


# Case table, row by row.


def test_case_already_beyond_when_first_judged(line):
    line.subscribe(high=190.0)
    assert line.quote(191.0) == ["HIGH ENTERED initial"]
    assert line.quote(192.0) == []
    assert line.subscribe(high=180.0, subscription_id="s2") == ["HIGH ENTERED initial"]
    assert line.quote(193.0) == []


def test_case_jump_from_below_low_to_above_high(line):
    line.subscribe(low=180.0, high=190.0)
    line.quote(185.0)
    line.quote(170.0)
    alerts = line.quote_whole(200.0)
    assert [short(alert) for alert in alerts] == ["LOW CLEARED", "HIGH ENTERED"]
    assert alerts[0]["cause"] == alerts[1]["cause"]


def test_case_first_quote_inside(line):
    line.subscribe(low=180.0, high=190.0)
    assert line.quote(185.0) == []


def test_case_thresholds_changed(line):
    line.subscribe(high=190.0)
    line.quote(185.0)
    [alert] = line.subscribe_whole(high=180.0)
    assert short(alert) == "HIGH ENTERED"
    assert alert["cause"]["topic"] == "subscriptions"
    assert line.subscribe(high=181.0) == []


def test_case_threshold_removed_or_subscription_ended(line):
    line.subscribe(low=180.0, high=190.0)
    line.quote(200.0)
    assert line.subscribe(low=180.0) == []
    line.quote(170.0)
    assert line.end() == []


def test_case_older_event_time(line):
    line.subscribe(high=190.0)
    line.quote(185.0, 100)
    assert line.quote(200.0, 50) == []
    assert line.oracle.late(AAPL) == 1


def test_case_same_event_time(line):
    line.subscribe(high=190.0)
    assert line.quote(200.0, 100) + line.quote(185.0, 100) == [
        "HIGH ENTERED initial",
        "HIGH CLEARED",
    ]


@pytest.mark.parametrize(
    "quote",
    [
        {"value": math.nan},
        {"value": math.inf},
        {"value": 1.0, "instrument": ""},
        {"value": 1.0, "instrument": "x" * 129},
        {"value": 1.0, "time": -1},
        {"value": 1.0, "time": DAY_MS + 1},
    ],
)
def test_case_dead_letters(line, quote):
    with pytest.raises(Refused):
        line.quote(**quote)
    assert line.oracle.instruments == {}


def test_case_unsubscribe_and_subscribe_again(line):
    line.subscribe(high=190.0)
    line.quote(191.0)
    line.end()
    assert line.subscribe(high=190.0) == ["HIGH ENTERED initial"]
    assert line.subscribe(high=190.0, subscription_id="s2") == ["HIGH ENTERED initial"]
