"""A real Kafka of one's own, and an independent client for it (confluent-kafka)."""
import logging
import os
import signal
import subprocess
import uuid
from collections import namedtuple
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic

from support.ports import free_port
from support.wait import until

REPO = Path(__file__).resolve().parents[2]
KAFKA_SH = REPO / "compose/local/kafka.sh"
MESSAGE_BYTES_MAX = 32 << 20
CALL_S = 30

# What librdkafka says belongs to the log of the test that made it speak, not to the terminal.
LOG = logging.getLogger("kafka")

Position = namedtuple("Position", "partition offset")


@dataclass
class Record:
    """A record as it is produced or read. Timestamps are ms since the epoch; None lets the broker's clock decide."""

    key: bytes | str | None
    value: bytes | str | None
    headers: list = field(default_factory=list)
    timestamp: int | None = None
    partition: int | None = None
    offset: int | None = None
    topic: str | None = None


def script(name):
    """What a script of the repository prints."""
    return subprocess.run([REPO / "scripts" / name], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Kafka:
    """A client of the brokers at `brokers`."""

    def __init__(self, brokers):
        self.brokers = brokers
        self._producer = None

    def config(self, **more):
        """librdkafka's settings for these brokers; underscores stand for dots."""
        more = {"reconnect_backoff_max_ms": 500, **more}
        return {"bootstrap.servers": self.brokers, **{key.replace("_", "."): value for key, value in more.items()}}

    @property
    def admin(self):
        """A new administrative client; it must outlive the answers that it is asked for."""
        return AdminClient(self.config(), logger=LOG)

    def create_topic(self, name, partitions=4, **config):
        """Creates a topic and waits until every partition has a leader; underscores of `config` stand for dots."""
        topic = NewTopic(name, partitions, config={key.replace("_", "."): str(value) for key, value in config.items()})
        admin = self.admin
        admin.create_topics([topic])[name].result(CALL_S)

        def led():
            found = admin.list_topics(timeout=CALL_S).topics.get(name)
            return found and found.partitions and all(one.leader >= 0 for one in found.partitions.values())
        until(led, CALL_S, f"leaders of {name}")
        self._producer = None  # Its sequence numbers are those of an earlier topic of this name.

    def delete_topics(self, prefix):
        """Deletes the topics whose names begin with the prefix, without waiting for their files to go.

        One that was deleted a moment ago may be listed still.
        """
        admin = self.admin
        names = [name for name in admin.list_topics(timeout=CALL_S).topics if name.startswith(prefix)]
        for deleted in admin.delete_topics(names).values() if names else ():
            try:
                deleted.result(CALL_S)
            except KafkaException as failure:
                if failure.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise

    def set_config(self, topic, name, value):
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)])
        admin = self.admin
        admin.incremental_alter_configs([resource])[resource].result(CALL_S)

    def has_topic(self, topic):
        """Whether the broker lists it, with partitions; what was made or deleted a moment ago may not be seen yet."""
        found = self.admin.list_topics(timeout=CALL_S).topics.get(topic)
        return bool(found and not found.error and found.partitions)

    def partitions(self, topic):
        described = self.admin.list_topics(topic, timeout=CALL_S).topics[topic]
        if described.error:
            raise KafkaException(described.error)
        return sorted(described.partitions)

    def ends(self, topics):
        """The offset behind the last record of each partition, by (topic, partition)."""
        asker = Consumer(self.config(group_id=f"asker-{uuid.uuid4()}", enable_auto_commit=False), logger=LOG)
        try:
            return {(topic, at): asker.get_watermark_offsets(TopicPartition(topic, at), timeout=CALL_S)[1]
                    for topic in topics for at in self.partitions(topic)}
        finally:
            asker.close()

    def producer(self, **more):
        """A new producer that places keys as Java does."""
        return Producer(self.config(partitioner="murmur2_random", enable_idempotence=True,
                                    message_max_bytes=MESSAGE_BYTES_MAX, linger_ms=0, **more), logger=LOG)

    def produce(self, topic, records):
        """Produces Records, or (key, value) pairs, and returns their Positions in the order given."""
        if self._producer is None:
            self._producer = self.producer()
        records = [record if isinstance(record, Record) else Record(*record) for record in records]
        positions = [None] * len(records)
        errors = []
        for index, record in enumerate(records):
            self._produce_one(topic, record, lambda error, message, at=index: (
                errors.append(error) if error
                else positions.__setitem__(at, Position(message.partition(), message.offset()))))
        left = self._producer.flush(CALL_S)
        if errors or left:
            raise AssertionError(f"producing to {topic}: {left} records not sent within {CALL_S} s, errors: {errors[:3]}")
        if any(position.offset is None for position in positions):
            raise AssertionError(f"producing to {topic}: the broker did not say where")
        return positions

    def _produce_one(self, topic, record, on_delivery):
        options = {"headers": record.headers or None, "on_delivery": on_delivery}
        if record.timestamp is not None:
            options["timestamp"] = record.timestamp
        if record.partition is not None:
            options["partition"] = record.partition
        while True:
            try:
                self._producer.produce(topic, value=record.value, key=record.key, **options)
                self._producer.poll(0)
                return
            except BufferError:
                self._producer.poll(0.1)

    def read(self, topic, isolation="read_committed"):
        """Every record of the topic up to its present end, ordered by partition and offset."""
        with Reader(self, topic, isolation) as reader:
            until(reader.read_some, CALL_S, f"the end of {topic}")
            return reader.ordered()

    def read_until(self, topic, enough, timeout_s, what=None):
        """Reads (read_committed) until `enough(records)` is true, and returns the records read by then.

        A number stands for "at least so many".
        """
        wanted = enough
        if isinstance(enough, int):
            def wanted(records):
                return len(records) >= enough
            what = what or f"{enough} records in {topic}"
        with Reader(self, topic) as reader:
            def step():
                reader.read_some()
                return wanted(reader.records)
            until(step, timeout_s, lambda: f"{what or f'the records wanted in {topic}'}; there are {len(reader.records)}")
            return reader.ordered()

    def run_tool(self, name, *args, stdin=None):
        """Runs a class of Kafka's own tools (`org.apache.kafka.tools.` is added to a bare name); returns its output."""
        home = Path(script("fetch-kafka.sh"))
        full_name = name if name.startswith(("org.", "kafka.")) else f"org.apache.kafka.tools.{name}"
        done = subprocess.run(
            [script("java-home.sh") + "/bin/java", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xlog:cds=off",
             "-Xlog:cds+dynamic=off", f"-XX:SharedArchiveFile={home / 'classes.jsa'}",
             f"-Dlog4j2.configurationFile={REPO / 'compose/local/log4j2.properties'}", "-cp", f"{home}/libs/*", full_name,
             "--bootstrap-server", self.brokers, *args],
            input=stdin, capture_output=True, timeout=2 * CALL_S, check=False)
        if done.returncode:
            raise AssertionError(f"{full_name} ended with {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
        return done.stdout.decode()


class Reader:
    """Reads all partitions of one topic from the beginning."""

    def __init__(self, kafka, topic, isolation="read_committed"):
        self.records = []
        self._consumer = Consumer(kafka.config(
            group_id=f"reader-{uuid.uuid4()}", enable_auto_commit=False, enable_partition_eof=True,
            isolation_level=isolation, fetch_message_max_bytes=MESSAGE_BYTES_MAX,
            fetch_max_bytes=2 * MESSAGE_BYTES_MAX, receive_message_max_bytes=3 * MESSAGE_BYTES_MAX), logger=LOG)
        self._open = set(kafka.partitions(topic))
        self._consumer.assign([TopicPartition(topic, partition, 0) for partition in self._open])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._consumer.close()

    def ordered(self):
        return sorted(self.records, key=lambda record: (record.partition, record.offset))

    def read_some(self):
        """Takes what arrives within a moment; True once every partition has been read to its end."""
        for message in self._consumer.consume(10000, timeout=0.05):
            error = message.error()
            if error is None:
                self.records.append(Record(
                    message.key(), message.value(), message.headers() or [], message.timestamp()[1],
                    message.partition(), message.offset(), message.topic()))
            elif error.code() == KafkaError._PARTITION_EOF:
                self._open.discard(message.partition())
            elif not error.retriable():
                raise KafkaException(error)
        return not self._open


class KafkaServer(Kafka):
    """A Kafka of one node or three in a folder. What runs there is found again by the folder alone."""

    def __init__(self, folder, nodes=1):
        self.folder = Path(folder)
        self.nodes = nodes
        known = self.folder / "cluster"
        if known.exists():
            self.nodes, self.port = map(int, known.read_text().split())
        else:
            self.port = free_port([at + above for at in range(nodes) for above in (0, 100)])
        super().__init__(",".join(f"127.0.0.1:{self.port + at}" for at in range(self.nodes)))

    def start(self):
        """Starts the nodes that do not run, and waits until all answer."""
        self._sh("start", "--nodes", self.nodes, "--port", self.port)

    def stop(self):
        self._sh("stop")

    def pid(self, node=1):
        return int((self.folder / f"node-{node}/pid").read_text())

    def kill9(self, node=1):
        """Kills a node as a power cut would, and waits until it is gone. start() brings it back."""
        self._end(node, signal.SIGKILL)

    def pause(self, node=1):
        os.kill(self.pid(node), signal.SIGSTOP)

    def resume(self, node=1):
        os.kill(self.pid(node), signal.SIGCONT)

    def bounce(self, sig=signal.SIGTERM):
        """Ends every node with this signal and starts them again on the same data and ports."""
        for node in range(1, self.nodes + 1):
            self._end(node, sig)
        self.start()

    def _end(self, node, sig):
        pid = self.pid(node)
        os.kill(pid, sig)
        until(lambda: not _alive(pid), CALL_S, f"the end of Kafka's node {node}")

    def _sh(self, command, *args):
        done = subprocess.run([KAFKA_SH, command, "--data", self.folder, *map(str, args)],
                              capture_output=True, text=True, timeout=4 * CALL_S, check=False)
        if done.returncode:
            raise AssertionError(f"kafka.sh {command}: {done.stdout}{done.stderr}")


def _alive(pid):
    """Whether a process runs; a zombie that nobody collects does not."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False
