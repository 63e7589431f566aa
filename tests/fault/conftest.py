"""What all faults have in common: the seed, the size of the run, the verdict and the program with crash points."""
import json
import os
import random
from pathlib import Path

import pytest

from judge import Judge, Verdict
from proxy import Proxy
from support.line import Line
from support.webhook import Receiver

# Set by run.py for the long form; without them a test takes a seed by chance and its short form.
SEED, KILLS, LONG, VERDICTS = "SOGLIA_FAULT_SEED", "SOGLIA_FAULT_KILLS", "SOGLIA_FAULT_LONG", "SOGLIA_FAULT_VERDICTS"
KILLS_SHORT = 50


@pytest.fixture
def long():
    """Whether every case runs; else some, chosen by the seed."""
    return bool(os.environ.get(LONG))


@pytest.fixture
def kills():
    return int(os.environ.get(KILLS) or KILLS_SHORT)


@pytest.fixture
def seed():
    chosen = int(os.environ.get(SEED) or random.randrange(1 << 32))
    print(f"seed {chosen}")
    return chosen


@pytest.fixture
def dice(seed):
    return random.Random(seed)


@pytest.fixture
def verdict(request):
    """Filled in by the test; at its end it must be good. It is noted for the last line of `make fault`."""
    found = Verdict()
    yield found
    if os.environ.get(VERDICTS):
        with open(os.environ[VERDICTS], "a", encoding="utf-8") as notes:
            notes.write(json.dumps({"test": request.node.name, **vars(found)}) + "\n")
    assert found.good, "\n".join([f"lost {found.lost}, doubled {found.doubled}, reordered {found.reordered}", *found.wrong])


@pytest.fixture
def soglia(soglia, usual_partitions):
    return soglia


@pytest.fixture
def proxy(kafka):
    made = Proxy(kafka.port)
    yield made
    made.close()


@pytest.fixture
def receiver(tmp_path):
    server = Receiver(tmp_path)
    yield server
    server.end()


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    return Line(soglia, kafka, avro, prefix).apply()


@pytest.fixture
def judge(line, processes, verdict):
    return Judge(line, processes, verdict)
