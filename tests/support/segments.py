"""Kafka's files, changed behind its back while it does not run: what somebody with the disk can do.

Knows the record batch of version 2 (kafka.apache.org/documentation/#recordbatch), not compressed, in one segment a partition.
"""
import struct
from pathlib import Path

HEAD = struct.Struct(">qiibIhiqqqhii")
CRC_AT, CRC_FROM, LENGTH_FROM = 17, 21, 12
CONTROL, COMPRESSION = 0x20, 0x07


def _crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value >> 1 ^ -(value & 1), at


def varint(value):
    value = value << 1 ^ value >> 63
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def _records(data):
    """(offset delta, what stands before the value, the value, what stands behind it) of each record of a batch."""
    at = HEAD.size
    while at < len(data):
        size, start = read_varint(data, at)
        end = start + size
        _, at = read_varint(data, start + 1)
        delta, at = read_varint(data, at)
        key, at = read_varint(data, at)
        at += max(key, 0)
        before = data[start:at]
        length, at = read_varint(data, at)
        yield delta, before, data[at:at + length], data[at + length:end]
        at = end


def _changed(batch, offset, change):
    """The batch with the value of the record at this offset changed, without it when the change gives None."""
    head = list(HEAD.unpack_from(batch))
    assert not head[5] & (CONTROL | COMPRESSION), "a batch of records that are not compressed"
    records, found = [], 0
    for delta, before, value, behind in _records(batch):
        if head[0] + delta == offset:
            found += 1
            value = change(value)
        if value is not None:
            body = before + varint(len(value)) + value + behind
            records.append(varint(len(body)) + body)
    assert found == 1, f"a record at offset {offset}"
    if not records:
        return b""
    head[12] = len(records)
    data = bytearray(HEAD.pack(*head) + b"".join(records))
    struct.pack_into(">i", data, 8, len(data) - LENGTH_FROM)
    struct.pack_into(">I", data, CRC_AT, crc32c(data[CRC_FROM:]))
    return bytes(data)


def tamper(log_folder, topic, partition, offset, change):
    """Changes one record's value in the log folder of a broker that was stopped in order."""
    folder = Path(log_folder) / f"{topic}-{partition}"
    segment, = folder.glob("*.log")
    data, out, at, done = segment.read_bytes(), bytearray(), 0, False
    while at < len(data):
        base, length = struct.unpack_from(">qi", data, at)
        batch = data[at:at + LENGTH_FROM + length]
        last = base + HEAD.unpack_from(batch)[6]
        if base <= offset <= last:
            batch, done = _changed(batch, offset, change), True
        out += batch
        at += LENGTH_FROM + length
    assert done, f"{topic}-{partition} has no offset {offset}"
    segment.write_bytes(out)
    # They name places in the file; Kafka makes them anew.
    for index in (*folder.glob("*.index"), *folder.glob("*.timeindex")):
        index.unlink()
