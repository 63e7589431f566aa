"""The local Kafka and the client that the tests look at it with."""
import signal
import subprocess
import sys

import pytest
from confluent_kafka import KafkaException

from support.kafka import KAFKA_SH, KafkaServer, Record
from support.ports import free_port, is_free
from support.process import Processes
from support.wait import until


def begin_transaction(kafka, prefix):
    producer = kafka.producer(transactional_id=f"{prefix}tx")
    producer.init_transactions(30)
    producer.begin_transaction()
    return producer


def test_a_record_comes_back_as_it_went(kafka, prefix):
    kafka.create_topic(f"{prefix}a")
    sent = Record(b"key", b"\0\xff", [("h", b"1"), ("h", None)], 1700000000123, 2)
    position, = kafka.produce(f"{prefix}a", [sent])
    read, = kafka.read(f"{prefix}a")
    assert position == (2, 0)
    assert read == Record(b"key", b"\0\xff", [("h", b"1"), ("h", None)], 1700000000123, 2, 0, f"{prefix}a")


def test_only_what_was_committed_is_read(kafka, prefix):
    topic = f"{prefix}a"
    kafka.create_topic(topic, partitions=1)
    producer = begin_transaction(kafka, prefix)
    producer.produce(topic, "aborted")
    producer.flush(30)
    producer.abort_transaction(30)
    producer.begin_transaction()
    producer.produce(topic, "committed")
    producer.commit_transaction(30)
    assert [(record.offset, record.value) for record in kafka.read(topic)] == [(2, b"committed")]
    assert len(kafka.read(topic, isolation="read_uncommitted")) == 2


def test_reading_does_not_wait_for_an_open_transaction(kafka, prefix):
    topic = f"{prefix}a"
    kafka.create_topic(topic, partitions=1)
    kafka.produce(topic, [(None, "before")])
    producer = begin_transaction(kafka, prefix)
    producer.produce(topic, "open")
    producer.flush(30)
    assert [record.value for record in kafka.read(topic)] == [b"before"]
    producer.abort_transaction(30)


def test_keys_are_placed_as_java_places_them(kafka, prefix):
    topic = f"{prefix}a"
    kafka.create_topic(topic)
    keys = ["stock:AAPL", "fx:EUR/USD", "airport:LIRF:arrivals", "metric:gateway:latency_ms", "città"]
    ours = kafka.produce(topic, [(key, "1") for key in keys])
    kafka.run_tool("ConsoleProducer", "--topic", topic, "--reader-property", "parse.key=true",
                   "--reader-property", "key.separator=|", stdin="".join(f"{key}|2\n" for key in keys).encode())
    theirs = {record.key.decode(): record.partition for record in kafka.read(topic) if record.value == b"2"}
    assert theirs == {key: position.partition for key, position in zip(keys, ours)}


def test_read_until_waits_for_what_is_wanted(kafka, prefix):
    topic = f"{prefix}a"
    kafka.create_topic(topic)
    kafka.produce(topic, [("a", "1"), ("b", "2")])
    assert len(kafka.read_until(topic, 2, 10)) == 2
    with pytest.raises(AssertionError, match=f"3 records in {topic}; there are 2"):
        kafka.read_until(topic, 3, 5)


def test_a_topic_that_is_not_there_is_an_error(kafka, prefix):
    with pytest.raises(KafkaException):
        kafka.read(f"{prefix}nothing")


def test_the_topics_of_a_prefix_are_deleted(kafka, prefix):
    kafka.create_topic(f"{prefix}a")
    kafka.delete_topics(prefix)
    until(lambda: f"{prefix}a" not in kafka.admin.list_topics(timeout=10).topics, 10, "the topic to go")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_records_outlive_a_bounce(own_kafka, sig):
    own_kafka.create_topic("a")
    before = own_kafka.pid()
    own_kafka.produce("a", [("k", "1")])
    own_kafka.bounce(sig)
    own_kafka.produce("a", [("k", "2")])
    assert [record.value for record in own_kafka.read("a")] == [b"1", b"2"]
    assert own_kafka.pid() != before


def test_three_nodes_work_on_with_two(tmp_path):
    cluster = KafkaServer(tmp_path / "kafka", nodes=3)
    try:
        cluster.start()
        cluster.create_topic("a")
        cluster.produce("a", [("k", "1")])
        cluster.kill9(node=2)
        cluster.produce("a", [("k", "2")])
        assert [record.value for record in cluster.read("a")] == [b"1", b"2"]
        cluster.start()
    finally:
        cluster.stop()
    assert is_free(cluster.port)


def kafka_sh(*args):
    return subprocess.run([KAFKA_SH, *map(str, args)], capture_output=True, text=True, timeout=120, check=False)


def test_starting_twice_is_starting_once(own_kafka):
    before = own_kafka.pid()
    again = kafka_sh("start", "--data", own_kafka.folder)
    assert (again.returncode, own_kafka.pid()) == (0, before)


def test_another_program_on_the_port_is_told(own_kafka, tmp_path):
    done = kafka_sh("start", "--data", tmp_path / "other", "--port", own_kafka.port)
    assert done.returncode == 1
    assert f"port {own_kafka.port} of 127.0.0.1 is taken by another program" in done.stderr


def test_a_broker_that_cannot_start_shows_why(tmp_path, monkeypatch):
    monkeypatch.setenv("SOGLIA_LOCAL_JAVA_OPTS", "-Xnonsense")
    done = kafka_sh("start", "--data", tmp_path / "kafka", "--port", free_port((0, 100)))
    assert done.returncode == 1
    assert "Unrecognized option: -Xnonsense" in done.stderr


def test_a_cluster_keeps_its_number_of_nodes(own_kafka):
    done = kafka_sh("status", "--data", own_kafka.folder, "--nodes", 3)
    assert done.returncode == 1
    assert "holds a cluster of 1" in done.stderr


def test_status_tells_what_runs(own_kafka):
    assert kafka_sh("status", "--data", own_kafka.folder).returncode == 0
    own_kafka.stop()
    stopped = kafka_sh("status", "--data", own_kafka.folder)
    assert (stopped.returncode, stopped.stdout) == (3, "node 1 does not run\n")


INNER_TEST = """
import os, signal
def test_one(kafka, prefix):
    kafka.create_topic(prefix + "a")
    with open(os.environ["INNER_PORTS"], "a") as ports:
        ports.write(f"{kafka.port}\\n")
    if os.environ["INNER_KILL"] == "yes":
        os.kill(int(os.environ["SOGLIA_TEST_RUN_PID"]), signal.SIGKILL)
test_two = test_one
"""


@pytest.mark.parametrize("kill", ["no", "yes"])
def test_a_run_shares_one_kafka_and_leaves_none(tmp_path, kill):
    """A whole inner run of pytest with two workers, ended in order and killed."""
    tests = KAFKA_SH.parents[2] / "tests"
    inner, ports = tmp_path / "test_inner.py", tmp_path / "ports"
    inner.write_text(INNER_TEST)
    run = Processes(tmp_path)
    result = run.run("pytest", [sys.executable, "-m", "pytest", "-n", "2", "-c", tests / "pytest.ini",
                                "--rootdir", tmp_path, "-p", "conftest", inner],
                     env={"INNER_PORTS": str(ports), "INNER_KILL": kill, "PYTHONPATH": str(tests), "TMPDIR": str(tmp_path)},
                     timeout_s=60)
    assert result.code == (-signal.SIGKILL if kill == "yes" else 0), result.text
    used = set(ports.read_text().split())
    assert len(used) == 1
    until(lambda: is_free(int(used.copy().pop())), 30, "the shared Kafka to end")
    until(lambda: not list(tmp_path.glob("soglia-tests-*")), 10, "its folder to go")
