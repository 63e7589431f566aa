"""The oracle against the page: one test a row of its tables, then the corners between the rows."""

import hashlib
import math

import pytest

from alert_oracle import CLEAR, PENDING, UNKNOWN, VIOLATED, AlertOracle, Refused

DAY_MS = 86_400_000
TEN_YEARS_MS = 315_360_000_000
AAPL = "stock:AAPL"


class Line:
    """An oracle with offsets that count, and alerts shortened to what a test looks at."""

    def __init__(self):
        self.oracle = AlertOracle()
        self.offset = -1
        self.version = 0
        self.time = 0

    def quote_whole(self, value, time=None, at=0, instrument=AAPL, key=None):
        self.offset += 1
        self.time = self.time + 1 if time is None else time
        return self.oracle.quote(instrument, value, self.time, at, ("quotes", 0, self.offset), key)

    def quote(self, value, time=None, **others):
        return [short(alert) for alert in self.quote_whole(value, time, **others)]

    def subscribe_whole(self, key=None, **fields):
        self.offset += 1
        self.version += 1
        record = {
            "subscription_id": "s1",
            "user_id": "ada",
            "instrument": AAPL,
            "low": None,
            "high": None,
            "rearm": 0.0,
            "hold_ms": 0,
            "cooldown_ms": 0,
            "notify_cleared": False,
            "label": None,
            "active": True,
            "version": self.version,
            "changed_at": 0,
        } | fields
        return self.oracle.subscription(record, 0, ("subscriptions", 0, self.offset), key)

    def subscribe(self, **fields):
        return [short(alert) for alert in self.subscribe_whole(**fields)]

    def end(self, **fields):
        return self.subscribe(active=False, **fields)

    def side(self, side, id="s1"):
        return self.oracle.instruments[AAPL].subscriptions[id].sides.get(side)

    def state(self, side, id="s1"):
        side = self.side(side, id)
        return None if side is None else side.state


def short(alert):
    """ "HIGH ENTERED", with "initial" and "suppressed" where they hold."""
    words = [alert["side"], alert["edge"]]
    words += ["initial"] if alert["initial"] else []
    words += [alert["suppressed"]] if alert["suppressed"] else []
    return " ".join(words)


@pytest.fixture
def line():
    return Line()


# Arithmetic: beyond, and clears when. Row by row, at equality and one double to either side.


def above(value):
    return math.nextafter(value, math.inf)


def below(value):
    return math.nextafter(value, -math.inf)


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


def enter_and_clear(line, time):
    return line.quote(191.0, time) + line.quote(100.0, time)


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


def test_cooldown_is_judged_when_a_hold_ends(line):
    line.subscribe(high=190.0, hold_ms=10, cooldown_ms=100)
    line.quote(100.0, 0)
    line.quote(191.0, 1000)
    assert line.quote(191.0, 1010) == ["HIGH ENTERED"]
    line.quote(100.0, 1020)
    line.quote(191.0, 1099)
    assert line.quote(191.0, 1110) == ["HIGH ENTERED"]


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
