"""Random values of a schema, and schemas as an older or a newer soglia might have had them."""
import copy
import random

CHARACTERS = 'aZ0: "\\\né€\U0001F600/'
LONG_EDGES = [0, -1, 1, 63, 64, -64, -65, 2**31 - 1, -2**31, 2**63 - 1, -2**63]
DOUBLES = [0.0, 1.0, -1.5, 191.5, 1e300, 5e-324, 0.1]
ITEMS_MAX = 4

# What a field of a type may have been written as, when the reader's type is the key.
NARROWER = {"double": ["float", "long", "int"], "long": ["int"], "string": ["bytes"]}


def text(rng):
    return "".join(rng.choice(CHARACTERS) for _ in range(rng.randrange(10)))


def number(rng, bits):
    edges = [value for value in LONG_EDGES if -2**(bits - 1) <= value < 2**(bits - 1)]
    return rng.choice(edges) if rng.random() < 0.4 else rng.getrandbits(rng.randrange(1, bits)) - rng.randrange(2)


PRIMITIVES = {
    "null": lambda rng: None,
    "boolean": lambda rng: rng.random() < 0.5,
    "int": lambda rng: number(rng, 32),
    "long": lambda rng: number(rng, 64),
    "float": lambda rng: rng.choice([0.0, 1.5, -2.25, 1e10]),
    "double": lambda rng: rng.choice(DOUBLES) if rng.random() < 0.5 else rng.uniform(-1e6, 1e6),
    "bytes": lambda rng: text(rng).encode(),
    "string": text,
}


def definitions(schema):
    """The named types that are defined within a schema, by full name."""
    if isinstance(schema, list):
        return {name: node for branch in schema for name, node in definitions(branch).items()}
    if not isinstance(schema, dict):
        return {}
    own = {full_name(schema): schema} if schema["type"] in ("record", "enum") else {}
    inner = [field["type"] for field in schema.get("fields", [])] + [schema.get(key) for key in ("items", "values")]
    return own | definitions(inner)


def full_name(node):
    """Of a named type as it is in a file, or as fastavro has parsed it."""
    return f"{node['namespace']}.{node['name']}" if "namespace" in node else node["name"]


def value(schema, rng):
    """A random value of a schema that stands for itself."""
    return value_of(schema, rng, definitions(schema))


def value_of(schema, rng, names):
    if isinstance(schema, list):
        return branch_of(schema, rng, names)
    if isinstance(schema, str):
        return PRIMITIVES[schema](rng) if schema in PRIMITIVES else value_of(names[schema], rng, names)
    kind = schema["type"]
    if kind == "record":
        return {field["name"]: value_of(field["type"], rng, names) for field in schema["fields"]}
    if kind == "enum":
        return rng.choice(schema["symbols"])
    if kind == "array":
        return [value_of(schema["items"], rng, names) for _ in range(rng.randrange(ITEMS_MAX))]
    if kind == "map":
        return {f"{i}{text(rng)}": value_of(schema["values"], rng, names) for i in range(rng.randrange(ITEMS_MAX))}
    return value_of(kind, rng, names)


def branch_of(union, rng, names):
    """One of several records is an object with the record's name as its only key, as in soglia's JSON."""
    branch = rng.choice(union)
    made = value_of(branch, rng, names)
    if branch == "null" or not is_choice(union):
        return made
    return {record_name(branch): made}


def record_name(schema):
    return (schema if isinstance(schema, str) else schema["name"]).rsplit(".", 1)[-1]


def is_choice(schema):
    """Whether a schema is a union of several records."""
    return isinstance(schema, list) and len([branch for branch in schema if branch != "null"]) > 1


def change_choice(union, rng):
    """The records in another order, some left out, some changed, and one that the reader does not know."""
    nulls, records = [one for one in union if one == "null"], [one for one in union if one != "null"]
    bound = [one for one in records if isinstance(one, str) or len(definitions(one)) > 1 or refers(one)]
    free = [change_record(one, rng) if rng.random() < 0.3 else one for one in records
            if one not in bound and rng.random() < 0.9]
    if rng.random() < 0.3:
        free.append({"type": "record", "name": "Novel", "namespace": "soglia", "fields": [{"name": "x", "type": "int"}]})
    rng.shuffle(free)
    # One record alone is no choice: fastavro does not say which it is.
    return nulls + free + bound if len(free + bound) > 1 else union


def refers(record):
    """Whether a record needs a definition that stands elsewhere."""
    if isinstance(record, str):
        return record not in PRIMITIVES
    if isinstance(record, list):
        return any(refers(branch) for branch in record)
    inner = [field["type"] for field in record.get("fields", [])] + [record[key] for key in ("items", "values") if key in record]
    return any(refers(one) for one in inner)


def change_type(schema, rng):
    """Another type that a writer may have had for a field."""
    if isinstance(schema, str) and schema in NARROWER and rng.random() < 0.4:
        return rng.choice(NARROWER[schema])
    if is_choice(schema):
        return change_choice(schema, rng)
    if isinstance(schema, list) and rng.random() < 0.4:
        return schema[1]
    if isinstance(schema, (str, dict)) and schema != "null" and rng.random() < 0.2:
        return rng.choice([["null", schema], [schema, "null"]])
    if isinstance(schema, dict) and schema["type"] == "enum" and rng.random() < 0.4:
        schema = copy.deepcopy(schema)
        schema["symbols"] = schema["symbols"][::-1] + (["NOVEL"] if rng.random() < 0.5 else [])
    if isinstance(schema, dict) and schema["type"] == "record":
        return change_record(schema, rng)
    if isinstance(schema, dict) and schema["type"] in ("array", "map"):
        inner = "items" if schema["type"] == "array" else "values"
        return {**schema, inner: change_type(schema[inner], rng)}
    return schema


def change_record(schema, rng):
    """The record with fields left out, added, moved and of other types."""
    fields = []
    for field in schema["fields"]:
        # A definition that later fields refer to has to stay.
        if rng.random() < 0.15 and not definitions(field["type"]):
            continue
        fields.append({"name": field["name"], "type": change_type(field["type"], rng)})
    for i in range(rng.randrange(3)):
        fields.insert(rng.randrange(len(fields) + 1),
                      {"name": f"novel_{i}", "type": rng.choice(["string", "double", {"type": "array", "items": "long"},
                                                                 ["null", "bytes"], {"type": "map", "values": "int"}])})
    if not any(definitions(field["type"]) for field in fields):
        rng.shuffle(fields)
    return {"type": "record", "name": schema["name"], "namespace": schema["namespace"], "fields": fields}
