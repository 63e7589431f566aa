"""The line to the broker fails, once a seed, at a place and in a way that the seed chooses.

A late EndTxn is the hole in Kafka's transactions that clients without KIP-890 part 2 have: with the defence on nothing
comes of it; with the defence off the judge must find something, else this test would prove nothing.
"""
import random
import signal

import pytest
from confluent_kafka import Consumer, TopicPartition

from judge import Judge, Verdict
from proxy import (ADD_PARTITIONS, END_TXN, INIT_PRODUCER, JOIN_GROUP, OFFSET_FETCH, PRODUCE, TRANSACTIONAL, TXN_OFFSETS, CutAt,
                   Delay, Fault, HoldAnswer, LateEnd)
from support.kafka import CALL_S, LOG
from support.line import quote, subscription
from support.wait import until

SEEDS_SHORT, SEEDS_LONG, SEEDS_WITHOUT = 20, 1000, 10
INSTRUMENTS = 8
QUOTES = 40  # A seed.
WAIT_S = 60
STOP_S = 5
PARTITIONS = 4
# A short patience of the client, so that an answer held back is asked for again.
FLAGS = ("--kafka.session_timeout=3s", "--kafka.transaction_timeout=8s", "--kafka.reconnect.backoff.max.ms=200",
         "--kafka.socket.timeout.ms=2000")


class Group:
    """Where the alerts' group stands."""

    def __init__(self, line):
        self._line, self._ends = line, {}
        self._asker = Consumer(line.kafka.config(group_id=f"{line.prefix}soglia-alerts"), logger=LOG)

    def note(self, topic, positions):
        for partition, offset in positions:
            self._ends[topic, partition] = max(self._ends.get((topic, partition), 0), offset + 1)

    def is_behind(self):
        wanted = [TopicPartition(self._line.prefix + topic, partition) for topic, partition in self._ends]
        ends = self._ends.values()
        return any(one.offset < end for one, end in zip(self._asker.committed(wanted, timeout=CALL_S), ends))

    def close(self):
        self._asker.close()


class Alerts:
    """The alerts' process behind the proxy, started again whenever it ends."""

    def __init__(self, line, processes, program, proxy, numbers=""):
        self._line, self._processes, self._program, self._numbers = line, processes, program, numbers
        self._brokers, self._given, self.ended = proxy.brokers, 0, 0
        self.group, self.process = Group(line), self._start()

    def _start(self):
        env = {**self._line.soglia.env, "SOGLIA_KAFKA_BROKERS": self._brokers, "SOGLIA_TEST_NUMBERS": self._numbers}
        return self._processes.start("alerts", [self._program, "run", "alerts", *FLAGS], env)

    def watch(self):
        """It may end by itself, when the outcome of a commit is unknown."""
        if not self.process.running:
            assert self.process.code in (1, -signal.SIGKILL), self.process.tail()
            self.ended += 1
            self.process = self._start()

    def feed(self):
        first = self._given
        self._given += QUOTES
        self.group.note("quotes", self._line.give("quotes", [
            quote(f"stock:{at % INSTRUMENTS}", 100 + at // INSTRUMENTS % 2, at) for at in range(first, self._given)]))

    def catch_up(self):
        until(lambda: self.watch() or not self.group.is_behind(), WAIT_S, lambda: f"the alerts to catch up\n{self.process.tail()}")

    def end(self):
        self.group.close()
        assert self.process.end() == 0, self.process.tail()


@pytest.fixture
def subscribed(line):
    line.give("subscriptions", [subscription(f"user-{at}", f"stock:{at}", high=100.5, notify_cleared=True)
                                for at in range(INSTRUMENTS)])
    return line


def fault_of(seed):
    """What a seed does to the line."""
    dice = random.Random(seed)
    kind = dice.randrange(5)
    if kind == 0:
        return Delay(dice, count=dice.randrange(5, 60), longest_s=dice.choice((0.02, 0.1)))
    if kind == 1:
        return HoldAnswer(dice.choice(TRANSACTIONAL), hold_s=dice.choice((0.1, 0.5, 3)))
    if kind == 2:
        return LateEnd()
    return CutAt(dice.choice(TRANSACTIONAL), nth=dice.randrange(1, 4), has_arrived=dice.random() < 0.5, hard=kind == 3)


def run_seed(alerts, proxy, fault):
    """Feeds until the fault has struck; kills the process at a late EndTxn; then the line is good again."""
    proxy.arm(fault)

    def struck():
        alerts.watch()
        if not alerts.group.is_behind():
            alerts.feed()
        return fault.done.is_set()
    until(struck, WAIT_S, lambda: f"{type(fault).__name__} to strike\n{alerts.process.tail()}")
    if isinstance(fault, LateEnd):
        alerts.process.kill9()
    proxy.arm(Fault())


@pytest.mark.timeout(3600)
def test_nothing_comes_of_a_bad_line(subscribed, processes, crashing, proxy, judge, seed, long):
    alerts = Alerts(subscribed, processes, crashing, proxy)
    late = []
    for number in range(SEEDS_LONG if long else SEEDS_SHORT):
        fault = fault_of(seed + number)
        run_seed(alerts, proxy, fault)
        if isinstance(fault, LateEnd):
            late.append(fault.answered)
    alerts.catch_up()
    alerts.end()
    print(f"the process ended {alerts.ended} times; late ends were answered {late}")
    assert 0 not in late, "a late EndTxn was taken"
    assert judge.alerts() > 0
    judge.offsets({"alerts": [subscribed.soglia.state]})
    judge.states(PARTITIONS, ["alerts"])


@pytest.mark.timeout(300)
def test_without_the_defence_the_judge_finds_something(subscribed, processes, crashing, proxy):
    """The records of a transaction whose positions are not committed become visible, and come again."""
    alerts = Alerts(subscribed, processes, crashing, proxy, "endtxn_tolerated=1000")
    found = Verdict()
    for _ in range(SEEDS_WITHOUT):
        run_seed(alerts, proxy, LateEnd())
        alerts.catch_up()
        Judge(subscribed, processes, found).alerts()
        if not found.good:
            break
    alerts.end()
    assert found.doubled > 0, "no anomaly without the defence"


@pytest.mark.parametrize("api", [INIT_PRODUCER, PRODUCE, TXN_OFFSETS, END_TXN, JOIN_GROUP, OFFSET_FETCH])
def test_a_stop_while_the_start_waits_is_no_failure(subscribed, processes, proxy, api):
    held = proxy.arm(HoldAnswer(api, hold_s=60))
    process = processes.start("alerts", [subscribed.soglia.program, "run", "alerts"],
                              {**subscribed.soglia.env, "SOGLIA_KAFKA_BROKERS": proxy.brokers})
    assert held.done.wait(WAIT_S), process.tail()
    assert process.end(STOP_S) == 0, process.tail()


def test_a_line_that_is_cut_costs_standard_input_nothing(line, processes, proxy):
    """What cannot be read again is gone back in only when Kafka has lost something."""
    rows = b"t,v\n" + b"".join(b"%d,%d\n" % (at, at) for at in range(1, 5))
    process = processes.start("fetch", [line.soglia.program, "fetch", "csv", "-", "--time-column=t", "--time-format=s",
                                        "--value-column=v", "--instrument=metric:a", "--speed=1"],
                              {**line.soglia.env, "SOGLIA_KAFKA_BROKERS": proxy.brokers}, rows)
    line.wait_for("quotes", 1, WAIT_S)
    fault = proxy.arm(CutAt(ADD_PARTITIONS, nth=1, has_arrived=False, hard=True))
    assert process.wait(WAIT_S) == 0, process.tail()
    assert fault.done.is_set(), "nothing was cut"
    assert [record.value["value"] for record in line.read("quotes")] == [1, 2, 3, 4]
