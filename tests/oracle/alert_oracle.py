"""What alerts a sequence of quotes and subscriptions must raise.

Written from docs/alert-rules.md alone, in its order, to be compared with the stream processor.
It judges every side of every subscription of the instrument at every quote: no index, no caching,
nothing to get wrong but the rules.
"""

import hashlib
import math
import re

UNKNOWN, CLEAR, PENDING, VIOLATED = "UNKNOWN", "CLEAR", "PENDING", "VIOLATED"
SIDES = ("LOW", "HIGH")

DAY_MS = 86_400_000
TEN_YEARS_MS = 315_360_000_000
NAME_BYTES_MAX = 128
LABEL_BYTES_MAX = 256
YEAR_9999_END_MS = 253_402_300_799_999
CONTROL_CHARACTER = re.compile("[\x00-\x1f\x7f]")


class Refused(Exception):
    """The input is a dead letter and has changed nothing. The text says why."""


# Arithmetic. Python floats are IEEE 754 doubles; each expression is the page's.


def is_beyond(side, value, threshold):
    return value > threshold if side == "HIGH" else value < threshold


def clears(side, value, threshold, rearm):
    if side == "HIGH":
        return value <= threshold if rearm == 0 else value <= threshold - rearm
    return value >= threshold if rearm == 0 else value >= threshold + rearm


# State.


class SideState:
    """One side of one subscription that has a threshold on that side."""

    __slots__ = ("state", "since", "was_clear", "suppressed", "last_entered")

    def __init__(self):
        self.state = UNKNOWN
        self.since = None  # PENDING: event time of the first quote beyond
        self.was_clear = False  # PENDING: whether the side was ever CLEAR
        self.suppressed = None  # VIOLATED: that of its ENTERED
        self.last_entered = None  # event time of the last ENTERED that was not suppressed


class Subscription:
    """The newest version of a subscription, whole, and the state of its sides."""

    def __init__(self, record):
        self.id = record["subscription_id"]
        self.user_id = record["user_id"]
        self.instrument = record["instrument"]
        self.thresholds = {
            "LOW": optional_float(record.get("low")),
            "HIGH": optional_float(record.get("high")),
        }
        self.rearm = float(record.get("rearm", 0.0))
        self.hold_ms = record.get("hold_ms", 0)
        self.cooldown_ms = record.get("cooldown_ms", 0)
        self.notify_cleared = record.get("notify_cleared", False)
        self.label = record.get("label")
        self.paused_until = record.get("paused_until")
        self.active = record["active"]
        self.version = record["version"]
        self.sides = {}  # "LOW" and "HIGH" to SideState; a side without a threshold has none


class Instrument:
    def __init__(self):
        self.last_value = None
        self.last_event_time = None
        self.late = 0
        self.subscriptions = {}  # by subscription id


class AlertOracle:
    """The rules, input by input. A cause is (topic, partition, offset)."""

    def __init__(self):
        self.instruments = {}

    def late(self, instrument):
        """How many quotes of the instrument were late."""
        return self.instruments[instrument].late if instrument in self.instruments else 0

    def quote(self, instrument, value, event_time, record_timestamp, cause, key=None):
        """Takes a quote and returns its alerts in order. `key` is by default the instrument."""
        refuse_bad_quote(instrument, value, event_time, record_timestamp, key)
        state = self.instruments.setdefault(instrument, Instrument())
        if state.last_event_time is not None and event_time < state.last_event_time:
            state.late += 1
            return []
        previous_value = state.last_value
        state.last_value = float(value)
        state.last_event_time = event_time

        alerts = []
        for subscription in state.subscriptions.values():
            if subscription.active:
                alerts += judge(subscription, state.last_value, event_time, previous_value, cause)
        return sorted(alerts, key=order_within_cause)

    def subscription(self, record, record_timestamp, cause, key=None):
        """Takes a subscription and returns its alerts in order. No rule uses its record time."""
        refuse_bad_subscription(record, key)
        new = Subscription(record)
        known = self.instruments.get(new.instrument, Instrument())
        old = known.subscriptions.get(new.id)
        if old is not None and new.version < old.version:
            raise Refused(
                f"version {new.version} is below version {old.version}, which was already taken"
            )

        state = self.instruments.setdefault(new.instrument, known)
        state.subscriptions[new.id] = new
        if not new.active:
            return []
        for side in SIDES:
            if new.thresholds[side] is not None:
                new.sides[side] = carried_over(old, new, side)
        if state.last_event_time is None:
            return []
        alerts = judge(new, state.last_value, state.last_event_time, None, cause)
        return sorted(alerts, key=order_within_cause)


# A quote.


def refuse_bad_quote(instrument, value, event_time, record_timestamp, key):
    if not math.isfinite(value):
        raise Refused("value is not finite")
    refuse_bad_text("instrument", instrument, NAME_BYTES_MAX)
    if event_time < 0:
        raise Refused("event_time is before 1970")
    if event_time > record_timestamp + DAY_MS:
        raise Refused("event_time is more than a day after the record's timestamp")
    if key is not None and key != instrument:
        raise Refused("key is not the instrument")


def refuse_bad_text(name, text, bytes_max, may_be_empty=False):
    try:
        encoded = text.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused(f"{name} is not UTF-8") from None
    if not encoded and not may_be_empty:
        raise Refused(f"{name} is empty")
    if len(encoded) > bytes_max:
        raise Refused(f"{name} is over {bytes_max} bytes")
    if CONTROL_CHARACTER.search(text):
        raise Refused(f"{name} has control characters")


def judge(subscription, value, event_time, previous_value, cause):
    """Judges both sides of a subscription on a quote and returns the alerts that are raised."""
    alerts = []
    for side, state in subscription.sides.items():
        raised = judge_side(subscription, side, state, value, event_time)
        if raised is not None:
            edge, initial = raised
            suppressed = state.suppressed
            if suppressed is None and is_paused(subscription, event_time):
                suppressed = "paused"
            alerts.append(
                alert_of(
                    subscription,
                    side,
                    edge,
                    initial,
                    suppressed,
                    value,
                    event_time,
                    previous_value,
                    cause,
                )
            )
    return alerts


def judge_side(subscription, side, state, value, event_time):
    """One cell of the page's table. Changes the state, and returns (edge, initial) or None."""
    threshold = subscription.thresholds[side]
    beyond = is_beyond(side, value, threshold)

    if state.state in (UNKNOWN, CLEAR):
        was_clear = state.state == CLEAR
        if not beyond:
            state.state = CLEAR
            return None
        if subscription.hold_ms == 0:
            return enter(subscription, state, event_time, initial=not was_clear)
        state.state = PENDING
        state.since = event_time
        state.was_clear = was_clear
        return None

    if state.state == PENDING:
        if not beyond:
            state.state = CLEAR
            return None
        if event_time - state.since >= subscription.hold_ms:
            return enter(subscription, state, event_time, initial=not state.was_clear)
        return None

    if clears(side, value, threshold, subscription.rearm):
        state.state = CLEAR
        return "CLEARED", False
    return None


def enter(subscription, state, event_time, initial):
    """Raises ENTERED, suppressed in a pause, or within the cooldown of the last one that was not."""
    state.state = VIOLATED
    if is_paused(subscription, event_time):
        state.suppressed = "paused"
        return "ENTERED", initial
    cooling = (
        subscription.cooldown_ms > 0
        and state.last_entered is not None
        and event_time - state.last_entered < subscription.cooldown_ms
    )
    state.suppressed = "cooldown" if cooling else None
    if not cooling:
        state.last_entered = event_time
    return "ENTERED", initial


def is_paused(subscription, event_time):
    return subscription.paused_until is not None and event_time < subscription.paused_until


# A subscription change.


def refuse_bad_subscription(record, key):
    refuse_bad_text("subscription_id", record["subscription_id"], NAME_BYTES_MAX)
    refuse_bad_text("user_id", record["user_id"], NAME_BYTES_MAX)
    refuse_bad_text("instrument", record["instrument"], NAME_BYTES_MAX)
    if key is not None and key != record["instrument"]:
        raise Refused("key is not the instrument")

    low, high, rearm = record.get("low"), record.get("high"), record.get("rearm", 0.0)
    if record["active"] and low is None and high is None:
        raise Refused("no threshold at all")
    for name, threshold in (("low", low), ("high", high)):
        if threshold is not None and not math.isfinite(threshold):
            raise Refused(f"{name} is not finite")
    if not math.isfinite(rearm) or rearm < 0:
        raise Refused("rearm is not finite or is negative")
    for name in ("hold_ms", "cooldown_ms"):
        if not 0 <= record.get(name, 0) <= TEN_YEARS_MS:
            raise Refused(f"{name} is negative or above 10 years")
    if not 0 <= (record.get("paused_until") or 0) <= YEAR_9999_END_MS:
        raise Refused("paused_until is negative or after the year 9999")
    if record.get("label") is not None:
        refuse_bad_text("label", record["label"], LABEL_BYTES_MAX, may_be_empty=True)
    if (
        low is not None
        and high is not None
        and float(low) + float(rearm) > float(high) - float(rearm)
    ):
        raise Refused("no value would be clear on both sides")
    if record["version"] < 0:
        raise Refused("version is negative")


def carried_over(old, new, side):
    """The state with which a side of a new version begins, before it is judged."""
    if old is None or not old.active or old.thresholds[side] is None:
        return SideState()
    state = old.sides[side]
    unchanged = (
        new.thresholds[side] == old.thresholds[side]
        and new.rearm == old.rearm
        and new.hold_ms == old.hold_ms
    )
    if state.state == PENDING and not unchanged:
        state.state = CLEAR if state.was_clear else UNKNOWN
    return state


# Alerts.


def order_within_cause(alert):
    return (
        alert["edge"] != "CLEARED",
        alert["subscription_id"].encode("utf-8"),
        alert["side"] != "LOW",
    )


def alert_of(
    subscription, side, edge, initial, suppressed, value, event_time, previous_value, cause
):
    topic, partition, offset = cause
    return {
        "alert_id": alert_id(subscription, side, edge, cause),
        "subscription_id": subscription.id,
        "subscription_version": subscription.version,
        "user_id": subscription.user_id,
        "instrument": subscription.instrument,
        "side": side,
        "edge": edge,
        "initial": initial,
        "threshold": subscription.thresholds[side],
        "value": value,
        "previous_value": previous_value,
        "event_time": event_time,
        "cause": {"topic": topic, "partition": partition, "offset": offset},
        "suppressed": suppressed,
        "notify": suppressed is None and (edge == "ENTERED" or subscription.notify_cleared),
        "label": subscription.label,
    }


def alert_id(subscription, side, edge, cause):
    topic, partition, offset = cause
    parts = (subscription.id, subscription.version, topic, partition, offset, side, edge)
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def optional_float(number):
    return None if number is None else float(number)
