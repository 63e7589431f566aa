"""Every crash point, at its first to fifth passage, by _exit and by SIGKILL, for every processor; one judge at the end.

One installation lives through all of it. Each role has a thread that starts it with one wish after the other, and waits
until the process ends as wished; JSON comes in meanwhile, mails and webhooks go out.
"""
import json
import shutil
import signal
import threading
import time
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from judge import INPUTS, cut_off
from steps import STEPS, faults_in_the_table
from support.kafka import CALL_S, LOG, Record
from support.line import assert_views, command, subscription, user
from support.wait import until

PARTITIONS = 6  # More than passages, so that each start comes by the points of a task often enough.
INSTRUMENTS = 12
PEOPLE, KINDS = 20, 5  # Who give commands, and what they ask for in turn.
TICK_S = 0.03
QUOTES_A_TICK = 4
USUAL_BYTES = "1048588"
MARKER_BYTES = "90"  # Room for the marker that ends a transaction, but for no record.
CRASH_S = 60
DEATHS_S = 1200
WAIT_S = 120
EXIT = 86
USERS = ("ada", "grace", "édith", "linus", "margaret", "radia", "barbara", "donald")
OUTPUTS = {"ingest": "quotes", "accounts": "command-results", "alerts": "alerts", "notifications": "notifications", "deliver": "deliveries"}
# Short sessions, since a dead reader of a group is missed for so long; a restore in pieces of one record.
FLAGS = ("--kafka.session_timeout=2s", "--kafka.transaction_timeout=10s")
NUMBERS = "recovery_piece=1"


def test_every_step_has_its_points():
    assert not list(faults_in_the_table())


class Feeder(threading.Thread):
    """Gives quotes as JSON and commands, a few at a time, until it is ended. Every second quote of an instrument fires."""

    def __init__(self, line):
        super().__init__(daemon=True)
        self.given, self.failure, self._line, self._ended = [], None, line, threading.Event()
        self._asked = []

    def run(self):
        try:
            while not self._ended.wait(TICK_S):
                first = len(self.given)
                self.given += [self._quote(at) for at in range(first, first + QUOTES_A_TICK)]
                self._line.kafka.produce(self._line.prefix + "quotes.json", [
                    Record(one["instrument"], json.dumps(one)) for one in self.given[first:]])
                self._ask()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def _ask(self):
        """One new command, and one that was given before."""
        number = len(self._asked)
        person, turn = f"person-{number % PEOPLE}", number // PEOPLE
        # Nobody gives quotes of these instruments: the oracle of the alerts knows no order between tasks.
        watch = {"subscription_id": f"s-{turn}", "instrument": f"idle:{number % PEOPLE}", "low": None, "high": 1.0, "rearm": 0.0,
                 "hold_ms": 0, "cooldown_ms": 0, "notify_cleared": False, "label": None, "paused_until": None}
        kind, body = (("RegisterUser", {"email": f"{person}@example.org", "display_name": None, "password_hash": None, "channels": [],
                                        "time_zone": "UTC"}),
                      ("Subscribe", watch), ("Unsubscribe", {"subscription_id": f"s-{turn - 1}", "expected_version": None}),
                      ("Subscribe", watch), ("DeleteUser", {"expected_version": None}))[turn % KINDS]
        self._asked.append(command(person, f"c-{number}", kind, body))
        self._line.give("commands", [self._asked[-1], self._asked[number * 7 // 8]])

    def end(self):
        self._ended.set()
        self.join()
        assert self.failure is None, self.failure

    @staticmethod
    def _quote(at):
        return {"instrument": f"stock:{at % INSTRUMENTS}", "value": 100 + at // INSTRUMENTS % 2,
                "event_time": 1_000_000 + at, "source": "test"}


class Ways:
    """What makes a process come by a crash point, beside the flow of quotes."""

    def __init__(self, line):
        self._line = line
        self._admin = line.kafka.admin
        self._quotes = threading.Lock()

    @contextmanager
    def flow(self, _role):
        yield

    stopped = flow

    @contextmanager
    def fetched(self, _role):
        """While quotes are not refused: a source gives up after ten lost transactions."""
        with self._quotes:
            yield

    @contextmanager
    def wiped(self, role):
        """Without its state it restores."""
        for folder in (self._line.soglia.state / role).glob("[0-9]*"):
            shutil.rmtree(folder)
        yield

    @contextmanager
    def rebalanced(self, role):
        """Another member of its group comes and goes."""
        done = threading.Event()
        other = threading.Thread(target=self._come_and_go, args=(role, done), daemon=True)
        other.start()
        try:
            yield
        finally:
            done.set()
            other.join()

    @contextmanager
    def refused(self, role):
        """The broker refuses its records, so that each transaction is aborted."""
        topic = self._line.prefix + OUTPUTS[role]
        with self._quotes if role == "ingest" else nullcontext():
            self._limit(topic, MARKER_BYTES)
            try:
                yield
            finally:
                self._limit(topic, USUAL_BYTES)

    def _limit(self, topic, size):
        entry = ConfigEntry("max.message.bytes", size, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        self._admin.incremental_alter_configs([resource])[resource].result(CALL_S)

    def _come_and_go(self, role, done):
        line = self._line
        while not done.is_set():
            member = Consumer(line.kafka.config(group_id=f"{line.prefix}soglia-{role}", enable_auto_commit=False,
                                                partition_assignment_strategy="range", session_timeout_ms=6000,
                                                heartbeat_interval_ms=200), logger=LOG)
            given = threading.Event()
            member.subscribe([line.prefix + topic for topic in INPUTS[role]], on_assign=lambda *_, got=given: got.set())
            until_s = time.monotonic() + CALL_S
            while not given.is_set() and not done.is_set() and time.monotonic() < until_s:
                member.poll(0.05)
            member.close()


class Victim(threading.Thread):
    """One role, which dies of one wish after the other and then lives on in `process`, as long as the thread does."""

    def __init__(self, role, words, wishes, world):
        super().__init__(daemon=True)
        self.role, self.words, self.wishes, self.world = role, words, wishes, world
        self.failure, self.process, self.died_at, self.took = None, None, [], []

    def run(self):
        try:
            for step, point, nth, how in self.wishes:
                if self.world.failed.is_set():
                    return
                began = time.monotonic()
                with getattr(self.world.ways, step.way)(self.role):
                    self._die(step, point, nth, how)
                self.took.append((time.monotonic() - began, f"{self.role} {point}:{nth}{how}"))
            self.process = self._start()
        except BaseException as failure:  # pylint: disable=broad-except
            self.failure = failure
            self.world.failed.set()
        self.world.over.wait()

    def _start(self, wish=""):
        env = {**self.world.line.soglia.env, "SOGLIA_CRASH_AT": wish, "SOGLIA_TEST_NUMBERS": NUMBERS}
        return self.world.processes.start(self.role, [self.world.program, *self.words], env)

    @staticmethod
    def _code(process, wish):
        try:
            return process.wait(CRASH_S)
        except AssertionError as late:
            raise AssertionError(f"{wish}: {late}") from None

    def _die(self, step, point, nth, how):
        process = self._start(f"{point}:{nth}{how}")
        if step.way == "stopped":
            until(lambda: not process.running or '"ready"' in process.stderr_path.read_text(), CRASH_S, "it to be ready")
            process.send(signal.SIGTERM)
        code = self._code(process, f"{point}:{nth}{how}")
        self.died_at.append(time.time())
        assert code == (-signal.SIGKILL if how else EXIT), f"{point}:{nth}{how} was not passed\n{process.tail()}"


class World:
    def __init__(self, line, processes, program):
        self.line, self.processes, self.program, self.ways = line, processes, program, Ways(line)
        self.failed, self.over = threading.Event(), threading.Event()


def wishes_of(role, dice, long):
    """Every (step, point, passage, way to die) of a role once; in the short form each point once, by the seed."""
    seen, wishes = set(), []
    for step in STEPS:
        for point in step.points if role in step.roles else ():
            if point in seen:
                continue
            seen.add(point)
            every = [(step, point, nth, how) for how in ("", ":kill") for nth in range(1, step.passages + 1)]
            wishes += every if long else [dice.choice(every)]
    dice.shuffle(wishes)
    return wishes


@pytest.fixture
def soglia(soglia):
    soglia.settings["topics.partitions"] = PARTITIONS
    return soglia


@pytest.fixture
def world(line, processes, crashing):
    made = World(line, processes, crashing)
    yield made
    made.failed.set()
    made.over.set()


def roles(tmp_path):
    """The words of each role, and of the source, which sends a file of 20 rows a second."""
    rows = "".join(f"{at},{at % 7}\n" for at in range(3000))
    (tmp_path / "rows.csv").write_text(f"t,v\n{rows}")
    fetch = ("fetch", "csv", tmp_path / "rows.csv", "--time-column=t", "--time-format=s", "--value-column=v",
             "--instrument=metric:rows", "--source=test", "--kafka.transaction_timeout=5s")
    return {**{role: ("run", role, *FLAGS) for role in OUTPUTS}, "serve": ("serve",), "fetch": (*fetch, "--speed=20")}


@pytest.mark.timeout(1500)
def test_every_crash_point(world, judge, smtp, receiver, dice, long, tmp_path):
    line, words = world.line, roles(tmp_path)
    line.soglia.settings |= {"webhook.private_addresses": "true", "webhook.ca_file": receiver.ca_path}
    hook = [{"kind": "WEBHOOK", "address": receiver.url()}]
    people = {name: user(name) for name in USERS}
    people[USERS[0]]["channels"] = hook
    line.give("users", list(people.values()))
    line.give("subscriptions", [subscription(USERS[at % len(USERS)], f"stock:{at}", high=100.5) for at in range(INSTRUMENTS)])

    feeder = Feeder(line)
    feeder.start()
    calm = line.soglia.start("run", "all", *FLAGS)  # A restore has something to read from the first death on.
    line.kafka.read_until(f"{line.prefix}deliveries", INSTRUMENTS, WAIT_S)
    assert calm.end() == 0, calm.tail()
    victims = [Victim(role, words[role], wishes_of(role, dice, long), world) for role in words]
    for victim in victims:
        victim.start()
    until(lambda: world.failed.is_set() or all(victim.process for victim in victims), DEATHS_S, "every death")
    feeder.end()
    failed = [f"{victim.role}: {victim.failure}" for victim in victims if victim.failure]
    assert not failed, "\n".join(failed)
    running = {victim.role: victim.process for victim in victims}
    running.pop("fetch").end()
    line.soglia.run(*words["fetch"][:-1])
    died = {victim.role: len(victim.died_at) for victim in victims}
    print(f"died {died}; {len(feeder.given)} quotes; the slowest:", sorted(
        (took for victim in victims for took in victim.took), reverse=True)[:8])

    for role, topics in INPUTS.items():
        for topic in topics:
            line.wait_taken(role, topic, WAIT_S)
    line.kafka.read_until(f"{line.prefix}deliveries", len(line.read("notifications")), WAIT_S)
    assert_views(line)
    assert {role: process.end() for role, process in running.items()} == dict.fromkeys(running, 0)

    deaths = next(victim.died_at for victim in victims if victim.role == "deliver")
    fetched = [{"instrument": "metric:rows", "value": at % 7, "event_time": at * 1000} for at in range(3000)]
    judge.ingested(feeder.given + fetched)
    assert len(judge.commanded()) > 100
    assert judge.alerts() > 100
    judge.notified()

    webhooks = [SimpleNamespace(id=one["id"], raw=one["body"], received_at=one["at"], connection=None)
                for one in receiver.requests]
    assert webhooks
    judge.delivered(smtp.mails, cut_off(smtp.mails, deaths), webhooks)
    judge.offsets({role: [line.soglia.state] for role in INPUTS})
    judge.states(PARTITIONS, ("accounts", "alerts", "notifications"))
