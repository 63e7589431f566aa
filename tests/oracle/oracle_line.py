"""What the tests of the oracle share: one oracle with offsets that count, and alerts in short."""

import math

from alert_oracle import AlertOracle

AAPL = "stock:AAPL"
DAY_MS = 86_400_000
TEN_YEARS_MS = 315_360_000_000


class Line:
    """Feeds one oracle. Calls return alerts in short; those that end in _whole, the records."""

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
            "paused_until": None,
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


def enter_and_clear(line, time):
    return line.quote(191.0, time) + line.quote(100.0, time)


def above(value):
    return math.nextafter(value, math.inf)


def below(value):
    return math.nextafter(value, -math.inf)
