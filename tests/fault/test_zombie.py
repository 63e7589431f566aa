"""A process that stands still until its session and its transaction have ended, and wakes when a successor has its work."""
import json

import pytest
from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import OffsetSpec

from judge import INPUTS
from support.kafka import CALL_S, Record
from support.line import subscription, user
from support.wait import until

WAIT_S = 90
LOOK_S = 2
SHORT = ("--kafka.session_timeout=2s", "--kafka.transaction_timeout=3s")
PROCESSORS = ("ingest", "alerts", "notifications")
OUTPUTS = ("quotes", "alerts", "notifications")
INSTRUMENTS = 20
QUOTES = 400
PARTITIONS = 4


class Source:
    def __init__(self, line):
        self.given, self._line = [], line

    def give(self):
        first = len(self.given)
        self.given += [{"instrument": f"stock:{at % INSTRUMENTS}", "value": 100 + at // INSTRUMENTS % 2, "event_time": at}
                       for at in range(first, first + QUOTES)]
        self._line.kafka.produce(self._line.prefix + "quotes.json",
                                 [Record(one["instrument"], json.dumps(one)) for one in self.given[first:]])

    def wait_taken(self, successor):
        for role in PROCESSORS:
            for topic in INPUTS[role]:
                until(lambda at=(role, topic): successor.watch() and self._is_taken(*at), WAIT_S, f"{role} to take {topic}")

    def _is_taken(self, role, topic):
        try:
            self._line.wait_taken(role, topic, LOOK_S)
        except AssertionError:
            return False
        return True


def open_in(line):
    """Whether an output has records of a transaction that has not ended."""
    wanted = {TopicPartition(line.prefix + topic, at): OffsetSpec.latest() for topic in OUTPUTS for at in range(PARTITIONS)}
    admin = line.kafka.admin
    ends = [{place: found.result(CALL_S).offset for place, found in admin.list_offsets(wanted, isolation_level=level).items()}
            for level in (IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED)]
    return ends[0] != ends[1]


def pause_in_a_transaction(line, process, source):
    """Stops the process with a transaction open, so that it has something to write when it wakes."""
    def caught():
        source.give()
        process.pause()
        if open_in(line):
            return True
        process.resume()
        return False
    until(caught, WAIT_S, "the process to stand still in a transaction")


class Successor:
    """Started again when it ends: a zombie of the same name joins its group once more, before it learns that it is one."""

    def __init__(self, start):
        self._start, self.process = start, start()

    def watch(self):
        if not self.process.running:
            assert self.process.code == 1 and "has taken over" in self.process.tail(lines=1), self.process.tail()
            self.process = self._start()
        return True


@pytest.mark.parametrize("successor", ["in its place", "of another name"])
def test_a_zombie_is_fenced_and_leaves_no_record(successor, line, soglia, tmp_path, judge, verdict):
    line.give("users", [user(f"user-{at}") for at in range(INSTRUMENTS)])
    line.give("subscriptions", [subscription(f"user-{at}", f"stock:{at}", high=100.5) for at in range(INSTRUMENTS)])
    zombie, source = soglia.start("run", *PROCESSORS, *SHORT), Source(line)
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    source.give()
    line.wait_for("notifications", 1, WAIT_S)
    pause_in_a_transaction(line, zombie, source)

    home = tmp_path / "elsewhere"
    name = ("--run.instance=other",) if successor == "of another name" else ()
    second = Successor(lambda: soglia.start("run", *PROCESSORS, *SHORT, *name, f"--state.dir={home}"))
    source.give()
    source.wait_taken(second)
    zombie.resume()
    assert zombie.wait(WAIT_S) == 1
    said = [text for text in zombie.stderr_path.read_text().splitlines() if text.startswith("soglia: ")]
    verdict.check(len(said) == 1 and ("has taken over" in said[0] or "fenced" in said[0]), f"it left with {said}")

    source.give()
    source.wait_taken(second)
    assert second.process.end() == 0
    judge.ingested(source.given)
    judge.alerts()
    judge.notified()
    judge.offsets({role: [home] for role in PROCESSORS})
    judge.states(PARTITIONS)
