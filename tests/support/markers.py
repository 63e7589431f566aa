"""What Kafka made of transactions that it had decided to commit, by its own files: what a reader of the disk sees.

A coordinator first notes that a transaction is to be committed, with its partitions, then has a marker written to each, then
notes that it is done. Knows the record batch of version 2, and version 1 of the coordinator's notes in `__transaction_state`
(TransactionLogKey.json, TransactionLogValue.json); neither is compressed.
"""
import struct
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from support.segments import CONTROL, HEAD, LENGTH_FROM, read_varint

STATE_TOPIC = "__transaction_state"
COMMIT_MARKER = struct.pack(">hh", 0, 1)  # Version, type.
NOTE = struct.Struct(">hqhib")  # Version, producer id, epoch, time-out, state.
NOTE_VERSION, PREPARED_TO_COMMIT = 1, 2


@dataclass(frozen=True)
class Commit:
    """`marked` of the partitions of a transaction have its marker."""

    transactional_id: str
    at_ms: int
    partitions: set
    marked: set

    @property
    def is_torn(self):
        """Whether a reader sees a part of it."""
        return bool(self.marked) and self.marked != self.partitions

    def __str__(self):
        return f"{self.transactional_id} at {self.at_ms}: of {sorted(self.partitions)} marked {sorted(self.marked)}"


def _batches(folder):
    """(producer id, time, whether of control records, [(key, value)]) of each batch of a partition."""
    for segment in sorted(Path(folder).glob("*.log")):
        data, at = segment.read_bytes(), 0
        while at + HEAD.size <= len(data):
            head = HEAD.unpack_from(data, at)
            end = at + LENGTH_FROM + head[1]
            if head[1] <= 0 or end > len(data):
                break  # Room that the broker keeps ready.
            is_control = bool(head[5] & CONTROL)
            known = is_control or STATE_TOPIC in str(folder)
            yield head[9], head[8], is_control, list(_records(data[at + HEAD.size:end])) if known else []
            at = end


def _records(data):
    at = 0
    while at < len(data):
        size, at = read_varint(data, at)
        end, at = at + size, at + 1
        for _ in range(2):  # Time and offset, as differences.
            _, at = read_varint(data, at)
        parts = []
        for _ in range(2):
            size, at = read_varint(data, at)
            parts.append(None if size < 0 else data[at:at + size])
            at += max(size, 0)
        yield tuple(parts)
        at = end


def _unsigned(data, at):
    value = shift = 0
    while True:
        value, shift, at = value | (data[at] & 0x7F) << shift, shift + 7, at + 1
        if data[at - 1] < 0x80:
            return value, at


def _partitions(data, at):
    """The compact array of topics with their partitions, none for null."""
    count, at = _unsigned(data, at)
    for _ in range(count - 1):
        size, at = _unsigned(data, at)
        topic, at = data[at:at + size - 1].decode(), at + size - 1
        ids, at = _unsigned(data, at)
        yield from ((topic, one) for one in struct.unpack_from(f">{ids - 1}i", data, at))
        at += 4 * (ids - 1) + 1  # And no tagged fields.


def commits(node_folder):
    """Every commit that the coordinator of a single node noted as done, of the partitions that are there.

    The notes are read first: what a note tells to be done is on the disk by then, also while the broker works.
    """
    folders, notes, marked = defaultdict(list), defaultdict(list), defaultdict(list)
    for folder in (Path(node_folder) / "log").iterdir():
        topic, _, partition = folder.name.rpartition("-")
        if partition.isdigit():
            folders[topic].append((folder, (topic, int(partition))))
    for folder, _ in folders.pop(STATE_TOPIC):
        for _, at_ms, _, records in _batches(folder):
            for key, value in records:
                notes[key[4:].decode()].append((at_ms, value))
    there = [one for several in folders.values() for one in several]
    for folder, where in there:
        for producer, at_ms, is_control, records in _batches(folder):
            if is_control and records[0][0] == COMMIT_MARKER:
                marked[producer].append((at_ms, where))
    for markers in marked.values():
        markers.sort()
    known = {where for _, where in there}
    for name, states in notes.items():
        for (at_ms, value), (done_ms, _) in zip(states, states[1:]):
            version, producer, _, _, state = NOTE.unpack_from(value) if value else (0,) * 5
            if state == PREPARED_TO_COMMIT:
                assert version == NOTE_VERSION, f"a coordinator's note of version {version}"
                among = known.intersection(_partitions(value, NOTE.size))
                markers = marked[producer]
                meanwhile = markers[bisect_left(markers, (at_ms,)):bisect_left(markers, (done_ms + 1,))]
                yield Commit(name, at_ms, among, among.intersection(where for _, where in meanwhile))


def torn(node_folder):
    """The commits of which readers see a part (KAFKA-20734; docs/guarantees.md)."""
    return [one for one in commits(node_folder) if one.is_torn]
