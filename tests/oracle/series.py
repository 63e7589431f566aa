"""Random cases for the alert rules: a seed gives the same case on every machine and in every run.

A case is a list of events in the form of the replay files ("given" lines, see make_replay.py). It
is small, and made to stand on the corners: thresholds on the path of the walk, values exactly at a
threshold or at its clearing level or one double beside it, holds and cooldowns that end exactly at
a quote, equal and late times, inputs to be refused.
"""

import math
from random import Random

RECORD_TIME = 1_700_000_000_000
DAY_MS = 86_400_000
TEN_YEARS_MS = 315_360_000_000
YEAR_9999_END_MS = 253_402_300_799_999
STEP_MS = 1000  # event times, holds and cooldowns are multiples, so that equalities happen

INSTRUMENTS = (
    "stock:AAPL",
    "fx:EUR/USD",
    "airport:LIRF:arrivals",
    "metric:gateway:latency_ms",
    "flight:CTA-MIL",
    "città:€",
)
USERS = ("ada", "grace", "édith", "user-4")
# In the order of bytes: A, Z, a, sub-1, sub-10, sub-2, é, then two that UTF-16 would swap.
SUBSCRIPTION_IDS = ("a", "Z", "A", "sub-1", "sub-10", "sub-2", "é", "\uff5e", "\U0001f4c8")
LABELS = (None, None, None, "", "soglia più alta", 'say "sell"', "\u20ac\U0001f4c8 \\", "l" * 256)
HOLDS_MS = (0, 0, 0, 1, STEP_MS, 2 * STEP_MS, 3 * STEP_MS, 5 * STEP_MS)
COOLDOWNS_MS = (0, 0, 1, 2 * STEP_MS, 5 * STEP_MS, 10 * STEP_MS, 60 * STEP_MS, TEN_YEARS_MS)
PAUSES_MS = (-STEP_MS, 0, 1, STEP_MS, 2 * STEP_MS, 5 * STEP_MS, 5 * STEP_MS, 10 * STEP_MS)
TIME_STEPS_MS = (0, 1, STEP_MS, STEP_MS, STEP_MS, 2 * STEP_MS, 5 * STEP_MS)

# Where the walk lives: level, step. Large ones overflow in arithmetic, the tenths are never exact.
SCALES = (
    (100.0, 0.5),
    (100.0, 0.5),
    (100.0, 0.5),
    (0.0, 1.0),
    (0.3, 0.1),
    (-36.98, 0.7),
    (1.7e308, 1e306),
    (5e-324, 5e-324),
    (1e17, 4.0),
)

NUMBERS_NOT_FINITE = (math.nan, math.inf, -math.inf)
BAD_NAMES = ("", "n" * 129, "é" * 65, "tab\there", "first\x01", "del\x7f", "\x1f")


def random_case(seed):
    """The events of one case, 20 to 60 of them."""
    return Case(Random(seed)).events


class Case:
    def __init__(self, random):
        self.random = random
        self.events = []
        self.at = RECORD_TIME
        self.offsets = {"quotes": 0, "subscriptions": 0}
        names = random.sample(INSTRUMENTS, random.choice((1, 1, 1, 2, 3)))
        self.walks = [Walk(random, name) for name in names]
        self.slots = [
            Slot(random, id, random.choice(self.walks)) for id in self.some_subscription_ids()
        ]
        length = random.randint(20, 60)
        subscriptions_first = random.choice((0, 0, 1, 4))
        for index in range(length):
            self.at += random.choice((1, 7, STEP_MS))
            if index < subscriptions_first or random.random() < 0.25:
                self.add_subscription(random.choice(self.slots))
            else:
                self.add_quote(random.choice(self.walks))
        if random.random() < 0.1:
            self.at += 1
            self.add_quote_a_day_ahead(random.choice(self.walks))

    def some_subscription_ids(self):
        return self.random.sample(SUBSCRIPTION_IDS, self.random.choice((1, 1, 2, 2, 3, 4, 6)))

    def add(self, topic, key, value):
        offset = self.offsets[topic]
        self.offsets[topic] = offset + 1
        self.events.append(
            {"given": topic, "key": key, "at": self.at, "offset": offset, "value": value}
        )

    def add_quote(self, walk):
        random = self.random
        levels = [level for slot in self.slots if slot.walk is walk for level in slot.levels()]
        key = walk.instrument
        quote = {
            "instrument": walk.instrument,
            "value": walk.next_value(levels),
            "event_time": walk.next_time(),
            "source": "random",
            "unit": None,
            "details": {},
        }
        if random.random() < 0.03:
            key = spoil_quote(random, quote, self.at)
        self.add("quotes", key, quote)

    def add_quote_a_day_ahead(self, walk):
        """The latest event time that is accepted. It comes last: all after it would be late."""
        quote = {
            "instrument": walk.instrument,
            "value": walk.next_value(()),
            "event_time": self.at + DAY_MS,
            "source": "random",
            "unit": None,
            "details": {},
        }
        self.add("quotes", walk.instrument, quote)

    def add_subscription(self, slot):
        random = self.random
        slot.change()
        record = dict(slot.record, changed_at=self.at)
        key = record["instrument"]
        if random.random() < 0.1:
            key = spoil_subscription(random, record)
        else:
            slot.taken()
        self.add("subscriptions", key, record)


class Walk:
    """The values and event times of one instrument."""

    def __init__(self, random, instrument):
        self.random = random
        self.instrument = instrument
        self.level, self.step = random.choice(SCALES)
        self.value = self.level
        self.time = random.choice((0, RECORD_TIME, RECORD_TIME, RECORD_TIME))
        self.spikes = random.choice((0.0, 0.05, 0.3))
        self.late = random.choice((0.0, 0.05, 0.1))

    def next_value(self, levels):
        random = self.random
        chance = random.random()
        if chance < 0.25 and levels:
            value = random.choice(levels)
            if random.random() < 0.4:
                value = math.nextafter(value, random.choice((-math.inf, math.inf)))
        elif chance < 0.25 + self.spikes:
            value = self.level + random.choice((-20, -8, 8, 20)) * self.step
        elif chance < 0.7:
            self.value += random.choice((-2, -1, 0, 1, 2)) * self.step
            value = self.value
        elif chance < 0.9:
            self.value = self.level + random.randint(-6, 6) * self.step
            value = self.value
        else:
            value = random.uniform(self.level - 10 * self.step, self.level + 10 * self.step)
        return value if math.isfinite(value) else self.level

    def next_time(self):
        random = self.random
        if random.random() < self.late:
            return max(0, self.time - random.choice((1, STEP_MS, 3 * STEP_MS)))
        self.time += random.choice(TIME_STEPS_MS)
        return self.time

    def threshold(self, side):
        """Low ones below the level or the value, high ones above, mostly; all near the walk."""
        random = self.random
        distance = random.choice((-1, 0, 1, 2, 3, 4, 5)) * self.step
        around = random.choice((self.level, self.value))
        threshold = around + (distance if side == "high" else -distance)
        if threshold == 0 and random.random() < 0.5:
            return -0.0
        return threshold if math.isfinite(threshold) else self.level


class Slot:
    """A subscription id on one instrument, through its versions."""

    def __init__(self, random, subscription_id, walk):
        self.random = random
        self.walk = walk
        self.version_taken = -1
        self.record = {
            "subscription_id": subscription_id,
            "user_id": random.choice(USERS),
            "instrument": walk.instrument,
            "low": None,
            "high": None,
            "rearm": 0.0,
            "hold_ms": 0,
            "cooldown_ms": 0,
            "notify_cleared": False,
            "label": None,
            "active": False,
            "version": random.choice((0, 1, 7, RECORD_TIME)),
            "changed_at": 0,
            "paused_until": None,
        }

    def levels(self):
        """The values at which this subscription changes its mind."""
        record = self.record
        low, high, rearm = record["low"], record["high"], record["rearm"]
        levels = []
        if low is not None:
            levels += (low, low + rearm)
        if high is not None:
            levels += (high, high - rearm)
        return [level for level in levels if math.isfinite(level)]

    def taken(self):
        self.version_taken = max(self.version_taken, self.record["version"])

    def change(self):
        random, record = self.random, self.record
        if not record["active"]:
            self.begin()
        else:
            change = random.choice(CHANGES)
            change(self)
        if self.version_taken > 0 and random.random() < 0.05:
            record["version"] = random.randrange(self.version_taken)
            return
        newest = max(record["version"], self.version_taken)
        record["version"] = newest + random.choice((0, 1, 1, 1, 1000))

    def begin(self):
        random, record = self.random, self.record
        sides = random.choice((("low",), ("high",), ("low", "high"), ("low", "high")))
        for side in ("low", "high"):
            record[side] = self.walk.threshold(side) if side in sides else None
        record["active"] = True
        record["hold_ms"] = random.choice(HOLDS_MS)
        record["cooldown_ms"] = random.choice(COOLDOWNS_MS)
        record["notify_cleared"] = random.random() < 0.5
        record["label"] = random.choice(LABELS)
        self.change_rearm()

    def change_rearm(self):
        self.record["rearm"] = self.random.choice((0.0, 0.0, 0.5, 1.0, 2.0, 3.0)) * self.walk.step
        self.keep_clear_between()

    def keep_clear_between(self):
        """Mends thresholds with nothing clear between them, mostly: the rest is to be refused."""
        record = self.record
        low, high, rearm = record["low"], record["high"], record["rearm"]
        if low is None or high is None or low + rearm <= high - rearm or self.random.random() < 0.1:
            return
        record["low"], record["high"], record["rearm"] = min(low, high), max(low, high), 0.0

    def move_low(self):
        self.record["low"] = self.walk.threshold("low")
        self.keep_clear_between()

    def move_high(self):
        self.record["high"] = self.walk.threshold("high")
        self.keep_clear_between()

    def drop_side(self):
        self.record[self.random.choice(("low", "high"))] = None
        if self.record["low"] is None and self.record["high"] is None:
            self.move_high()

    def change_hold(self):
        self.record["hold_ms"] = self.random.choice(HOLDS_MS)

    def change_cooldown(self):
        self.record["cooldown_ms"] = self.random.choice(COOLDOWNS_MS)

    def change_words(self):
        self.record["label"] = self.random.choice(LABELS)
        self.record["notify_cleared"] = not self.record["notify_cleared"]
        self.record["user_id"] = self.random.choice(USERS)

    def change_pause(self):
        """Until a time on the walk's path, of the past, without an end, or resumed."""
        random, record = self.random, self.record
        if record["paused_until"] is not None and random.random() < 0.4:
            record["paused_until"] = None
        elif random.random() < 0.1:
            record["paused_until"] = random.choice((0, YEAR_9999_END_MS))
        else:
            record["paused_until"] = max(0, self.walk.time + random.choice(PAUSES_MS))

    def change_nothing(self):
        pass

    def end(self):
        self.record["active"] = False


CHANGES = (
    Slot.move_low,
    Slot.move_low,
    Slot.move_high,
    Slot.move_high,
    Slot.drop_side,
    Slot.change_rearm,
    Slot.change_hold,
    Slot.change_cooldown,
    Slot.change_words,
    Slot.change_pause,
    Slot.change_pause,
    Slot.change_nothing,
    Slot.end,
)


def spoil_quote(random, quote, at):
    """Makes a quote one to be refused and returns its key."""
    kind = random.randrange(4)
    if kind == 0:
        quote["value"] = random.choice(NUMBERS_NOT_FINITE)
    elif kind == 1:
        quote["event_time"] = random.choice((-1, -(2**63), at + DAY_MS + 1, 2**63 - 1))
    elif kind == 2:
        quote["instrument"] = random.choice(BAD_NAMES)
    else:
        return "stock:OTHER"
    return quote["instrument"]


def spoil_subscription(random, record):
    """Makes a subscription one to be refused and returns its key."""
    kind = random.randrange(9)
    if kind == 0:
        record[random.choice(("subscription_id", "user_id", "instrument"))] = random.choice(
            BAD_NAMES
        )
    elif kind == 1:
        record |= {"low": None, "high": None, "active": True}
    elif kind == 2:
        record[random.choice(("low", "high"))] = random.choice(NUMBERS_NOT_FINITE)
    elif kind == 3:
        record["rearm"] = random.choice((math.nan, math.inf, -1.0, -5e-324))
    elif kind == 4:
        record[random.choice(("hold_ms", "cooldown_ms"))] = random.choice(
            (-1, TEN_YEARS_MS + 1, 2**63 - 1, -(2**63))
        )
    elif kind == 5:
        record["label"] = random.choice(("l" * 257, "€" * 86, "line\nbreak", "\x7f"))
    elif kind == 6:
        record["version"] = -1
    elif kind == 7:
        record["paused_until"] = random.choice((-1, YEAR_9999_END_MS + 1, 2**63 - 1, -(2**63)))
    else:
        return "stock:OTHER"
    return record["instrument"]
