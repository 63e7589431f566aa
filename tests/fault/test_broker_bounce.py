"""Brokers die and are bounced, with their data kept: one node alone, and three of which any two must go on."""
import json
import re
import signal

import pytest
from confluent_kafka.admin import AdminClient

from judge import INPUTS, Judge
from support.avro import Avro
from support.kafka import CALL_S, LOG, KafkaServer, Record
from support.line import Line, assert_views, subscription, user
from support.soglia import Soglia
from support.wait import until

WAIT_S = 120
INSTRUMENTS = 12
QUOTES = 600  # Between two bounces.
BOUNCES_LONG = 10  # Each way; the short form has one.
BOUNCES_HALF_ENDED = 15  # At most, in the short form: one that Kafka is caught at is enough.
ROUNDS_LONG = 5  # In which each of three nodes dies once; in the short form one of them does.
PARTITIONS = 4
FLAGS = ("--kafka.session_timeout=3s", "--kafka.reconnect.backoff.max.ms=500")
HALF_ENDED = "Couldn't find leader endpoint for partitions"  # In Kafka's log, when it leaves markers out.


class World:
    """An installation on a Kafka of its own. Its process is started again whenever it ends, as whoever runs it does."""

    def __init__(self, server, processes, smtp, transaction_timeout):
        self.server, self.smtp, self.given, self.starts = server, smtp, [], 0
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
            assert self.process is None or self.process.code == 1, self.process.tail()
            self.process = self.soglia.start("run", "all", *self.flags)
            self.starts += 1
        return self.process

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

    def judge(self, verdict, processes):
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
        judge = Judge(self.line, processes, verdict)
        judge.ingested(self.given, done_again(processes, "ingest"))
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


def done_again(processes, role):
    """Partitions of which Kafka lost a transaction that it had confirmed: soglia says so, and does it again.

    Where Kafka died between two of its markers, what it wrote was seen before (docs/guarantees.md).
    """
    said = "".join(path.read_text(errors="replace") for path in processes.folder.glob("*.err"))
    found = {int(at) for at in re.findall(rf"{role}, partition (\d+): Kafka has lost the end of transaction", said)}
    if found:
        print(f"Kafka lost confirmed transactions of {role} in partitions {sorted(found)}")
    return found


@pytest.mark.timeout(1200)
def test_one_node_bounced(own_kafka, processes, smtp, dice, long, verdict):
    world = World(own_kafka, processes, smtp, "15s")
    bounces = [signal.SIGKILL, signal.SIGTERM] * BOUNCES_LONG if long else [dice.choice((signal.SIGKILL, signal.SIGTERM))]
    dice.shuffle(bounces)
    for sig in bounces:
        world.feed()
        own_kafka.bounce(sig)
        world.wait_working()
    world.judge(verdict, processes)


@pytest.mark.timeout(1200)
def test_transactions_that_kafka_ends_halfway(own_kafka, processes, smtp, long, verdict):
    """A single node that ends a transaction while it starts leaves its markers out (KAFKA-20734, docs/guarantees.md).

    Transactions that are shorter than its absence make it do so, nearly each time.
    """
    world = World(own_kafka, processes, smtp, "3s")
    seen = 0
    for _ in range(BOUNCES_LONG if long else BOUNCES_HALF_ENDED):
        world.feed()
        own_kafka.bounce(signal.SIGKILL)
        world.wait_working()
        seen += (own_kafka.folder / "node-1/kafka.log").read_text().count(HALF_ENDED)
        if seen > 0 and not long:
            break
    assert seen > 0, "Kafka ended every transaction as it should, so nothing was tried"
    world.judge(verdict, processes)


@pytest.fixture
def three(tmp_path):
    server = KafkaServer(tmp_path / "kafka", nodes=3)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def leaders(server):
    """How many partitions each node leads."""
    admin = AdminClient(server.config(), logger=LOG)
    found = [part.leader for topic in admin.list_topics(timeout=CALL_S).topics.values() for part in topic.partitions.values()]
    return {node: found.count(node) for node in range(1, server.nodes + 1)}


@pytest.mark.timeout(1200)
def test_leaders_killed_in_turn(three, processes, smtp, dice, long, verdict):
    """With min.insync.replicas of 2 any two of three nodes go on."""
    world = World(three, processes, smtp, "5s")
    nodes = [dice.sample((1, 2, 3), 3) for _ in range(ROUNDS_LONG)]
    for node in sum(nodes, []) if long else nodes[0][:1]:
        until(lambda at=node: leaders(three)[at] > 0, WAIT_S, f"node {node} to lead something")
        world.feed()
        three.kill9(node)
        world.wait_working()
        three.start()
        until(lambda: all_in_sync(three), WAIT_S, "all replicas to be in sync")
    world.judge(verdict, processes)


def all_in_sync(server):
    admin = AdminClient(server.config(), logger=LOG)
    return all(len(part.isrs) == server.nodes for topic in admin.list_topics(timeout=CALL_S).topics.values()
               for part in topic.partitions.values())
