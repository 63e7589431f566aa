"""Confluent's wire format by fastavro: an implementation that shares nothing with soglia's."""
import io
import json
from pathlib import Path

import fastavro

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas/avro"
HEADER_BYTES = 5


def plain(schema):
    """The schema without logical types, so that times stay integers of ms."""
    if isinstance(schema, dict):
        return {key: plain(value) for key, value in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [plain(branch) for branch in schema]
    return schema


def parse(text):
    """Parses the text of a schema; times are read and written as integers of ms."""
    return fastavro.parse_schema(plain(json.loads(text)))


def file_schema(record):
    """The schema of schemas/avro/<record>.avsc."""
    return parse((SCHEMAS / f"{record}.avsc").read_text())


def frame(schema_id, schema, record):
    """The wire format of a record: byte 0, the id, the Avro binary."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, record)
    return b"\0" + schema_id.to_bytes(4, "big") + out.getvalue()


def unframe(data, schema_of, choices=False):
    """The record in these bytes, by the schema that `schema_of(id)` gives. Every byte must be used.

    With `choices` one of several records is a pair of its full name and the record.
    """
    if len(data) < HEADER_BYTES or data[0] != 0:
        raise ValueError(f"not in the wire format: {data[:16]!r}")
    source = io.BytesIO(data[HEADER_BYTES:])
    record = fastavro.schemaless_reader(source, schema_of(int.from_bytes(data[1:HEADER_BYTES], "big")), None,
                                         return_record_name=choices, return_record_name_override=choices)
    left = source.read()
    if left:
        raise ValueError(f"{len(left)} bytes left over: {left[:16]!r}")
    return record


class Avro:
    """Reads and writes the values of an installation, with the ids in its `_schemas` topic."""

    def __init__(self, kafka, prefix):
        self._kafka = kafka
        self._prefix = prefix
        self._schemas = {}
        self._ids = {}

    def schema_id(self, topic):
        """The newest id of a topic (its name without the prefix)."""
        subject = f"{self._prefix}{topic}-value"
        if subject not in self._ids:
            self._load()
        return self._ids[subject]

    def schema(self, schema_id):
        if schema_id not in self._schemas:
            self._load()
        return self._schemas[schema_id]

    def encode(self, topic, record):
        schema_id = self.schema_id(topic)
        return frame(schema_id, self.schema(schema_id), record)

    def decode(self, data, choices=False):
        return unframe(data, self.schema, choices)

    def _load(self):
        newest = {}
        for record in self._kafka.read(f"{self._prefix}_schemas"):
            if json.loads(record.key).get("keytype") != "SCHEMA" or record.value is None:
                continue
            value = json.loads(record.value)
            self._schemas[value["id"]] = parse(value["schema"])
            if not value.get("deleted") and value["version"] > newest.get(value["subject"], 0):
                newest[value["subject"]] = value["version"]
                self._ids[value["subject"]] = value["id"]
