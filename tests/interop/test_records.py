"""soglia's records and fastavro, which share no code: both read and write the same bytes."""
import io
import json
import random
import sys
from pathlib import Path

import fastavro
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import random_avro
import record_tool
from record_tool import Refused
from support.avro import plain

RECORDS = 300
WRITERS = 60
MESSAGES = 10
TYPES = record_tool.types()


def read(message, writer, reader=None):
    source = io.BytesIO(message)
    record = fastavro.schemaless_reader(source, writer, reader, return_record_name=True, return_record_name_override=True)
    assert source.read() == b""
    return choices(record)


def choices(record):
    """The record with fastavro's pairs for one of several records as soglia has them."""
    if isinstance(record, tuple):
        name, value = record
        return {name.rsplit(".", 1)[-1]: choices(value)}
    if isinstance(record, dict):
        return {key: choices(value) for key, value in record.items()}
    return [choices(value) for value in record] if isinstance(record, list) else record


def pairs(schema, record, names):
    """The other way."""
    if isinstance(schema, list) and record is not None:
        if random_avro.is_choice(schema):
            (name, value), = record.items()
            branch = next(one for one in schema if one != "null" and random_avro.record_name(one) == name)
            node = names.get(branch, branch) if isinstance(branch, str) else branch
            return random_avro.full_name(node), pairs(node, value, names)
        return pairs(next(one for one in schema if one != "null"), record, names)
    if isinstance(schema, str):
        return pairs(names[schema], record, names) if schema in names else record
    if isinstance(schema, dict) and schema["type"] == "record":
        return {field["name"]: pairs(field["type"], record[field["name"]], names) for field in schema["fields"]
                if field["name"] in record}
    if isinstance(schema, dict) and schema["type"] == "array":
        return [pairs(schema["items"], value, names) for value in record]
    return record


def write(schema, record):
    out = io.BytesIO()
    plain_schema = plain(schema)
    fastavro.schemaless_writer(out, schema, pairs(plain_schema, record, random_avro.definitions(plain_schema)))
    return out.getvalue()


def numbers(record):
    """The record with the texts for doubles that are not finite as doubles."""
    if isinstance(record, dict):
        return {key: numbers(value) for key, value in record.items()}
    if isinstance(record, list):
        return [numbers(value) for value in record]
    return float(record) if record in ("NaN", "Infinity", "-Infinity") else record


def texts(record):
    """The record with bytes as text: a string that was written as bytes may come back as either."""
    if isinstance(record, dict):
        return {key: texts(value) for key, value in record.items()}
    if isinstance(record, list):
        return [texts(value) for value in record]
    return record.decode() if isinstance(record, bytes) else record


def own_schema(name):
    return plain(record_tool.schema(name))


@pytest.mark.parametrize("name", TYPES)
def test_fastavro_reads_and_writes_what_soglia_writes(name):
    schema = fastavro.parse_schema(own_schema(name))
    for record, message in record_tool.random_records(name, 20261121, RECORDS):
        assert read(message, schema) == numbers(record)
        assert write(schema, numbers(record)) == message


@pytest.mark.parametrize("name", TYPES)
def test_soglia_reads_and_writes_what_fastavro_writes(name):
    rng = random.Random(f"values of {name}")
    schema = own_schema(name)
    parsed = fastavro.parse_schema(schema)
    records = [random_avro.value(schema, rng) for _ in range(RECORDS)]
    messages = [write(parsed, record) for record in records]
    assert record_tool.decode(name, messages) == records
    assert record_tool.encode(name, records) == messages


def resolved_by_fastavro(message, writer, reader):
    """The record as fastavro resolves it, or None where it finds that it cannot be."""
    try:
        return texts(read(message, writer, reader))
    except (fastavro.read.SchemaResolutionError, UnicodeDecodeError, ValueError):
        return None


@pytest.mark.parametrize("name", TYPES)
def test_other_writers_are_read_as_fastavro_reads_them(name, tmp_path):
    rng = random.Random(f"writers of {name}")
    reader = fastavro.parse_schema(own_schema(name))
    read_records = refused = 0
    for i in range(WRITERS):
        writer = random_avro.change_record(own_schema(name), rng)
        path = tmp_path / f"{i}.avsc"
        path.write_text(json.dumps(writer))
        parsed = fastavro.parse_schema(writer)
        messages = [write(parsed, random_avro.value(writer, rng)) for _ in range(MESSAGES)]
        for message, ours in zip(messages, record_tool.decode(name, messages, path)):
            theirs = resolved_by_fastavro(message, parsed, reader)
            assert isinstance(ours, Refused) == (theirs is None), f"{writer}\n{message.hex()}\n{ours}\n{theirs}"
            assert isinstance(ours, Refused) or ours == theirs, f"{writer}\n{message.hex()}"
            read_records += theirs is not None
            refused += theirs is None
    assert read_records > 0 and refused > 0


def test_a_refusal_names_the_field():
    assert record_tool.decode("soglia.Quote", [b"\x01"]) == ["soglia.Quote: instrument: a length of -1 with 0 bytes left"]
    assert record_tool.encode("soglia.Quote", [{"valu": 1}]) == ['Quote has no field "valu": did you mean "value"?']
