"""What the files of a Kafka tell about its commits."""
import shutil

import pytest

from support.markers import commits, torn
from support.segments import HEAD, LENGTH_FROM

WAIT_S = 30


@pytest.fixture
def committed(kafka, prefix, tmp_path):
    """The name of a topic with a commit and an abort in two partitions, and a copy of the broker's files."""
    topic, name = f"{prefix}a", f"{prefix}tx"
    kafka.create_topic(topic, partitions=3)
    producer = kafka.producer(transactional_id=name)
    producer.init_transactions(WAIT_S)
    for end in (producer.abort_transaction, producer.commit_transaction):
        producer.begin_transaction()
        for partition in (0, 2):
            producer.produce(topic, b"value", partition=partition)
        end(WAIT_S)
    # The coordinator takes nothing new before it has noted that the last one is done.
    producer.begin_transaction()
    producer.produce(topic, b"value", partition=1)
    assert producer.flush(WAIT_S) == 0
    producer.abort_transaction(WAIT_S)
    node = tmp_path / "node"
    for folder in (kafka.folder / "node-1/log").iterdir():
        if folder.name.startswith((f"{topic}-", "__transaction_state-")):
            shutil.copytree(folder, node / "log" / folder.name)
    return topic, name, node


def found(node, name):
    return [one for one in commits(node) if one.transactional_id == name]


def cut_last_batch(node, topic, partition):
    """Takes a marker away as if the broker had died before it wrote it."""
    segment, = (node / "log" / f"{topic}-{partition}").glob("*.log")
    data, at, last = segment.read_bytes(), 0, 0
    while at < len(data):
        last, at = at, at + LENGTH_FROM + HEAD.unpack_from(data, at)[1]
    segment.write_bytes(data[:last])


def test_a_whole_commit_has_all_its_markers(committed):
    topic, name, node = committed
    commit, = found(node, name)
    assert commit.partitions == commit.marked == {(topic, 0), (topic, 2)}
    assert torn(node) == []


def test_a_commit_that_lacks_a_marker_is_torn(committed):
    topic, name, node = committed
    cut_last_batch(node, topic, 2)
    assert [(one.transactional_id, one.marked) for one in torn(node)] == [(name, {(topic, 0)})]


def test_a_commit_without_any_marker_is_not_torn(committed):
    topic, name, node = committed
    for partition in (0, 2):
        cut_last_batch(node, topic, partition)
    assert found(node, name)[0].marked == set()
    assert torn(node) == []


def test_a_partition_that_is_gone_is_not_missed(committed):
    topic, name, node = committed
    shutil.rmtree(node / "log" / f"{topic}-2")
    assert found(node, name)[0].partitions == {(topic, 0)}
    assert torn(node) == []
