"""Drives the C program record_tool: records through soglia's own code."""
import json
import os
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "build/dev/tests"
TIMEOUT_S = 60


class Refused(str):
    """The reason why a line was refused."""


def run(*args, lines=()):
    """Runs a command with these lines as input and returns the lines that it printed."""
    program = Path(os.environ.get("SOGLIA_TESTS_BIN", FOLDER)) / "record_tool"
    if not program.exists():
        raise FileNotFoundError(f"{program}: build it first, or name its folder in SOGLIA_TESTS_BIN")
    text = "".join(f"{line}\n" for line in lines)
    result = subprocess.run([program, *map(str, args)], input=text.encode(), capture_output=True, timeout=TIMEOUT_S,
                            check=False)
    if result.returncode != 0:
        raise AssertionError(f"record_tool {' '.join(map(str, args))} ended with {result.returncode}: "
                             + result.stderr.decode(errors="replace"))
    return result.stdout.decode().split("\n")[:-1]


def parse(text):
    """The JSON of a record. Python's own way would turn the double -0 into the integer 0."""
    return json.loads(text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))


def types():
    return run("types")


def schema(name):
    return json.loads(run("schema", name)[0])


def random_records(name, seed, count):
    """Pairs of a record and its Avro binary."""
    pairs = (line.split("\t") for line in run("random", name, seed, count))
    return [(parse(text), bytes.fromhex(message)) for text, message in pairs]


def encode(name, records):
    """The Avro binary of each record, or a Refused."""
    lines = run("encode", name, lines=[json.dumps(record) for record in records])
    return [Refused(line[2:]) if line.startswith("! ") else bytes.fromhex(line) for line in lines]


def decode(name, messages, writer=None):
    """The record in each message, or a Refused. `writer` is the file with the schema of the writer."""
    arguments = ["decode", name] + ([] if writer is None else [writer])
    lines = run(*arguments, lines=[message.hex() for message in messages])
    return [Refused(line[2:]) if line.startswith("! ") else parse(line) for line in lines]
