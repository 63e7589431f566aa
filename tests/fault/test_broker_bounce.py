"""Brokers die and are bounced, with their data kept: one node alone, and three of which any two must go on.

A node alone that dies between two markers of a commit may leave the others out for ever (KAFKA-20734): readers see a part of
that transaction, and no client can know which. Its own files tell. A world in which that happened is not judged, and another
one is tried; see docs/guarantees.md.
"""
import contextlib
import json
import shutil
import signal

import pytest
from confluent_kafka.admin import AdminClient

from judge import INPUTS, Judge
from support.avro import Avro
from support.kafka import CALL_S, LOG, KafkaServer, Record
from support.line import Line, assert_views, subscription, user
from support.markers import torn
from support.process import Processes
from support.soglia import Soglia
from support.wait import until

WAIT_S = 120
INSTRUMENTS = 12
QUOTES = 600  # Between two bounces.
WORLDS_LONG, BOUNCES_LONG = 4, 5  # Worlds, and bounces for a moment of each; the short form has one of one.
WORLDS_TRIED = 5  # For one in which Kafka tore nothing: each bounce of a busy one does so about once in twenty.
AWAY_TRIED = 5  # For an absence that outlasts a session: the bounce before may have cost the process its end.
BOUNCES_HALF_ENDED = 15  # At most: one that Kafka is caught at is enough.
ROUNDS_LONG = 5  # In which each of three nodes dies once; in the short form one of them does.
PARTITIONS = 4
FLAGS = ("--kafka.session_timeout=3s", "--kafka.reconnect.backoff.max.ms=500")
SESSION_OVER = "session timed out"
HALF_ENDED = "Couldn't find leader endpoint for partitions"  # In Kafka's log, when it leaves markers out.


class World:
    """An installation on a Kafka of its own. Its process is started again whenever it ends, as whoever runs it does."""

    def __init__(self, server, processes, smtp, transaction_timeout):
        self.server, self.processes, self.smtp, self.given, self.starts = server, processes, smtp, [], 0
        self.flags = (*FLAGS, f"--kafka.transaction_timeout={transaction_timeout}")
        self.soglia = Soglia(processes, server.brokers, "", smtp.url)
        self.line = Line(self.soglia, server, Avro(server, ""), "").apply()
        self.process = None
        self.watch()
        self.line.give("users", [user(f"user-{at}") for at in range(INSTRUMENTS)])
        self.line.give("subscriptions", [subscription(f"user-{at}", f"stock:{at}", high=100.5) for at in range(INSTRUMENTS)])
        self.line.wait_taken("alerts", "subscriptions", WAIT_S, self.watch)
        self.line.wait_taken("notifications", "users", WAIT_S, self.watch)

    def watch(self):
        if self.process is None or not self.process.running:
            self._expect_a_reason()
            self.process = self.soglia.start("run", "all", *self.flags)
            self.starts += 1
        return self.process

    def _expect_a_reason(self):
        """A long absence of Kafka may fence it, or cost Kafka an end: it says so."""
        if self.process is None:
            return
        assert self.process.code == 1, self.process.tail()
        errors = [line for line in self.process.stderr_path.read_text().splitlines() if '"level":"error"' in line]
        assert any("fenced" in line or "start again" in line for line in errors), f"it says why: {errors}"

    def said(self, words):
        """How often its processes have said so."""
        return sum(path.read_text(errors="replace").count(words) for path in self.processes.folder.glob("*.err"))

    def feed(self):
        first = len(self.given)
        self.given += [{"instrument": f"stock:{at % INSTRUMENTS}", "value": 100 + at // INSTRUMENTS % 2, "event_time": at}
                       for at in range(first, first + QUOTES)]
        self.server.produce("quotes.json", [Record(one["instrument"], json.dumps(one)) for one in self.given[first:]])

    def wait_working(self):
        """Waits until something comes out of what was fed."""
        before = self._alerts()
        self.feed()
        until(lambda: self.watch() and self._alerts() > before, WAIT_S, lambda: f"alerts\n{self.process.tail()}")

    def _alerts(self):
        return len(self.server.read("alerts"))

    def judge(self, verdict):
        """After everything that was fed has come out."""
        expected = len(self.given) // 2 - INSTRUMENTS // 2
        until(lambda: self.watch() and self._alerts() >= expected // 2, WAIT_S, "most alerts")
        for role, topics in INPUTS.items():
            for topic in topics:
                self._wait_taken(role, topic)
        self.server.read_until("deliveries", len(self.line.read("notifications")), WAIT_S)
        self.soglia.wait_ready(self.watch())
        assert_views(self.line)
        assert self.process.end() == 0, self.process.tail()
        judge = Judge(self.line, self.processes, verdict)
        judge.ingested(self.given)
        judge.alerts()
        judge.notified()
        # No mail server died, so none comes twice.
        judge.delivered(self.smtp.mails, lambda copies: False)
        judge.offsets({role: [self.soglia.state] for role in INPUTS})
        judge.states(PARTITIONS)
        print(f"{len(self.given)} quotes, {len(self.smtp.mails)} mails, {self.starts} starts")

    def _wait_taken(self, role, topic):
        def taken():
            self.watch()
            try:
                self.line.wait_taken(role, topic, 2)
            except AssertionError:
                return False
            return True
        until(taken, WAIT_S, f"{role} to take {topic}")


@contextlib.contextmanager
def world(folder, smtp, transaction_timeout, nodes=1):
    """A World in a folder of its own; its processes and its Kafka end with it."""
    folder.mkdir()
    server, processes = KafkaServer(folder / "kafka", nodes=nodes), Processes(folder)
    try:
        server.start()
        yield World(server, processes, smtp, transaction_timeout)
    finally:
        processes.end()
        server.stop()
        shutil.rmtree(server.folder)


def judged_alone(folder, smtp_with, transaction_timeout, disturb, verdict):
    """Judges a world of a single node behind `disturb(world)`, the first in which Kafka tore no commit."""
    for at in range(WORLDS_TRIED):
        with world(folder / f"{at}", smtp_with(), transaction_timeout) as tried:
            disturb(tried)
            spoiled = torn(tried.server.folder / "node-1")
            if not spoiled:
                tried.judge(verdict)
                return
            print("Kafka tore a commit, another world is tried:", *spoiled, sep="\n  ")
    raise AssertionError(f"Kafka tore a commit in each of {WORLDS_TRIED} worlds")


def stay_away(tried):
    """Kafka dies, for longer than soglia's sessions last. A process that starts meanwhile has none: then once more."""
    for _ in range(AWAY_TRIED):
        tried.feed()
        before, starts = tried.said(SESSION_OVER), tried.starts
        tried.server.kill9()
        until(lambda: tried.watch() and (tried.said(SESSION_OVER) > before or tried.starts > starts), WAIT_S,
              "the end of a session or of the process")
        is_over = tried.said(SESSION_OVER) > before
        tried.server.start()
        tried.wait_working()
        if is_over:
            return
    raise AssertionError(f"{AWAY_TRIED} times the process ended before its sessions did")


@pytest.mark.timeout(3600)
def test_one_node_bounced(tmp_path, smtp_with, dice, long, verdict):
    """For a moment, by either signal, and for longer."""
    for at in range(WORLDS_LONG if long else 1):
        folder = tmp_path / f"world-{at}"
        folder.mkdir()

        def disturb(tried):
            for sig in dice.choices((signal.SIGKILL, signal.SIGTERM), k=BOUNCES_LONG if long else 1):
                tried.feed()
                tried.server.bounce(sig)
                tried.wait_working()
            stay_away(tried)
        judged_alone(folder, smtp_with, "15s", disturb, verdict)


@pytest.mark.timeout(3600)
def test_transactions_that_kafka_ends_halfway(tmp_path, smtp_with, long, verdict):
    """A single node that ends a transaction while it starts leaves its markers out (KAFKA-20734, docs/guarantees.md).

    Transactions that are shorter than its absence make it do so, nearly each time.
    """
    def disturb(tried):
        for _ in range(BOUNCES_HALF_ENDED):
            tried.feed()
            tried.server.bounce(signal.SIGKILL)
            tried.wait_working()
            if HALF_ENDED in (tried.server.folder / "node-1/kafka.log").read_text():
                return
        raise AssertionError("Kafka ended every transaction as it should, so nothing was tried")
    for at in range(WORLDS_LONG if long else 1):
        folder = tmp_path / f"world-{at}"
        folder.mkdir()
        judged_alone(folder, smtp_with, "3s", disturb, verdict)


def leaders(server):
    """How many partitions each node leads."""
    admin = AdminClient(server.config(), logger=LOG)
    found = [part.leader for topic in admin.list_topics(timeout=CALL_S).topics.values() for part in topic.partitions.values()]
    return {node: found.count(node) for node in range(1, server.nodes + 1)}


@pytest.mark.timeout(1200)
def test_leaders_killed_in_turn(tmp_path, smtp, dice, long, verdict):
    """With min.insync.replicas of 2 any two of three nodes go on."""
    nodes = [dice.sample((1, 2, 3), 3) for _ in range(ROUNDS_LONG)]
    with world(tmp_path / "three", smtp, "5s", nodes=3) as three:
        for node in sum(nodes, []) if long else nodes[0][:1]:
            until(lambda at=node: leaders(three.server)[at] > 0, WAIT_S, f"node {node} to lead something")
            three.feed()
            three.server.kill9(node)
            three.wait_working()
            three.server.start()
            until(lambda: all_in_sync(three.server), WAIT_S, "all replicas to be in sync")
        three.judge(verdict)


def all_in_sync(server):
    admin = AdminClient(server.config(), logger=LOG)
    return all(len(part.isrs) == server.nodes for topic in admin.list_topics(timeout=CALL_S).topics.values()
               for part in topic.partitions.values())
