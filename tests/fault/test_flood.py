"""Poison among many quotes, exactly counted; and more quotes than memory could hold."""
import math
from collections import Counter

import pytest

from judge import Judge, fold
from support.kafka import Record
from support.line import quote, subscription
from support.wait import until

POISON_SHORT, POISON_LONG = 20_000, 1_000_000
FLOOD_SHORT, FLOOD_LONG = 300_000, 10_000_000
EVERY = 100  # One in so many is poison.
INSTRUMENTS = 50
FLOOD_INSTRUMENTS = 1000
MEMORY_MIB_MAX = 256
PARTITIONS = 4
WAIT_S = 900
BATCH = 20_000


class Poison:
    """Values that must be refused, each in its own way."""

    def __init__(self, line):
        self._line = line

    def _encode(self, name, value, at):
        return self._line.avro.encode("quotes", quote(name, value, at))

    def record(self, number, at):
        name = f"stock:{at % INSTRUMENTS}"
        good = self._encode(name, 1, at)
        kinds = [lambda: Record(name, b"not Avro at all"), lambda: Record(name, b""), lambda: Record(name, None),
                 lambda: Record(name, good[:-3]), lambda: Record(name, good + b"x"), lambda: Record(name, good[:1] + b"\x7f" + good[2:]),
                 lambda: Record("stock:another", good), lambda: Record(None, good),
                 lambda: Record(name, self._encode(name, math.nan, at)), lambda: Record(name, self._encode(name, math.inf, at)),
                 lambda: Record(name, self._encode(name, 1, -1)), lambda: Record("", self._encode("", 1, at))]
        return kinds[number % len(kinds)]()


def give(line, count):
    """Gives quotes with poison among them; returns the positions of the poison."""
    poison, found = Poison(line), set()
    for first in range(0, count, BATCH):
        rows = [poison.record(at // EVERY, at) if at % EVERY == EVERY - 1 else
                Record(f"stock:{at % INSTRUMENTS}", line.avro.encode("quotes", quote(
                    f"stock:{at % INSTRUMENTS}", at // INSTRUMENTS // 20 % 2, at))) for at in range(first, min(first + BATCH, count))]
        positions = line.kafka.produce(line.prefix + "quotes", rows)
        found.update(position for at, position in enumerate(positions, first) if at % EVERY == EVERY - 1)
    return found


@pytest.mark.timeout(3000)
def test_poison_is_counted_exactly(line, soglia, processes, verdict, long):
    count = POISON_LONG if long else POISON_SHORT
    process = soglia.start("run", "alerts")
    line.give("subscriptions", [subscription(f"user-{at}", f"stock:{at}", high=0.5, notify_cleared=True)
                                for at in range(INSTRUMENTS)])
    line.wait_taken("alerts", "subscriptions")
    poison = give(line, count)
    line.wait_taken("alerts", "quotes", WAIT_S)
    assert process.end() == 0

    assert len(poison) == count // EVERY
    letters = Counter()
    for record in line.kafka.read(line.prefix + "dead-letters"):
        headers = dict(record.headers)
        assert headers["soglia-topic"].decode().endswith("quotes") and headers["soglia-reason"]
        letters[int(headers["soglia-partition"]), int(headers["soglia-offset"])] += 1
    verdict.compare("dead letters", sorted(letters.elements()), sorted(tuple(position) for position in poison))

    judge = PoisonedJudge(line, processes, verdict, poison)
    print(f"{count} quotes, {len(letters)} dead letters, {judge.alerts()} alerts")
    judge.offsets({"alerts": [soglia.state]})


class PoisonedJudge(Judge):
    """Judges by the quotes that are none of the poison, which cannot even be read."""

    def __init__(self, line, processes, verdict, poison):
        super().__init__(line, processes, verdict)
        self._poison = poison

    def _read(self, topic):
        if topic == "quotes" and topic not in self._decoded:
            good = [record for record in self._records(topic) if (record.partition, record.offset) not in self._poison]
            self._decoded[topic] = self.line.decoded(good)
        return super()._read(topic)


def most_memory_mib(process):
    """The greatest resident memory so far."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        kib, = [line.split()[1] for line in status if line.startswith("VmHWM")]
    return int(kib) / 1024


@pytest.mark.timeout(3000)
def test_a_flood_is_taken_within_bounds(line, soglia, verdict, tmp_path, long):
    """All of it lies there when the processor begins; what it remembers of each instrument counts every quote."""
    count = FLOOD_LONG if long else FLOOD_SHORT
    rows = tmp_path / "flood.csv"
    with open(rows, "w", encoding="ascii") as out:
        names = ",".join(f"{at}" for at in range(FLOOD_INSTRUMENTS))
        out.write(f"t,{names}\n")
        for at in range(count // FLOOD_INSTRUMENTS):
            out.write(f"{at},{','.join(str((at * 7 + name) % 1000 / 10) for name in range(FLOOD_INSTRUMENTS))}\n")
    soglia.run("fetch", "csv", rows, "--time-column=t", "--time-format=s", "--value-columns=rest",
               "--instrument-prefix=stock:", timeout_s=WAIT_S)
    rows.unlink()
    line.give("subscriptions", [subscription(f"user-{at}", f"stock:{at}", high=1000.5) for at in range(FLOOD_INSTRUMENTS)])

    process = soglia.start("run", "alerts")
    taken = TakenCount(line)
    until(lambda: process.running and taken.count() >= count, WAIT_S, lambda: f"all quotes to be taken\n{process.tail()}")
    memory_mib = most_memory_mib(process)
    assert process.end() == 0
    counted = Counter()
    for value in fold(line, "soglia-alerts-instruments-changelog").values():
        state = line.avro.decode(value)
        counted[state["quote_count"] + state["late_count"]] += 1
    verdict.compare("quotes of an instrument", sorted(counted.elements()), [count // FLOOD_INSTRUMENTS] * FLOOD_INSTRUMENTS)
    verdict.check(memory_mib <= MEMORY_MIB_MAX, f"{memory_mib:.0f} MiB of memory, at most {MEMORY_MIB_MAX}")
    print(f"{count} quotes, at most {memory_mib:.0f} MiB")


class TakenCount:
    """How many quotes the instruments' state counts by now."""

    def __init__(self, line):
        self._line = line

    def count(self):
        values = fold(self._line, "soglia-alerts-instruments-changelog").values()
        return sum(self._line.avro.decode(value)["quote_count"] for value in values)
