"""The Kafka folder on a real broker, through the check programs of this folder; every test of theirs is one here."""
import os
import re
import subprocess
from pathlib import Path

import pytest

from support.wait import until

ROOT = Path(__file__).resolve().parents[2]
RUN_S = 100
PROGRAMS = ("kafka_layer_check", "kafka_group_check")


def program_path(name):
    """From the dev build; SOGLIA_TEST_PROGRAMS names another folder of test programs."""
    found = Path(os.environ.get("SOGLIA_TEST_PROGRAMS", ROOT / "build/dev/tests")) / name
    assert found.exists(), f"{name} is not built: cmake --build --preset dev"
    return found


def names_in(program):
    """The names that the program's source runs."""
    source = (Path(__file__).parent / f"{program}.c").read_text(encoding="utf-8")
    return re.findall(r"cmocka_unit_test_setup_teardown\((\w+),", source)


@pytest.mark.parametrize(("program", "test"), [(program, test) for program in PROGRAMS for test in names_in(program)])
def test_on_a_real_broker(kafka, prefix, program, test):
    done = subprocess.run([program_path(program), kafka.brokers, prefix, test], capture_output=True, text=True,
                          timeout=RUN_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"OK ] {test}\n" in done.stdout + done.stderr


def test_a_transactional_producer_waits_for_its_broker(own_kafka, tmp_path):
    """Nobody is there when it opens; it says so, waits, and works when the broker is back."""
    own_kafka.create_topic("later", partitions=1)
    own_kafka.kill9()
    with open(tmp_path / "log", "w", encoding="utf-8") as log:
        program = subprocess.Popen([program_path("endtxn_check"), own_kafka.brokers, "later"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        until(lambda: "is tried again" in (tmp_path / "log").read_text(), RUN_S, "a word about the wait")
        assert program.poll() is None
        own_kafka.start()
        assert program.stdout.readline() == "half\n", (tmp_path / "log").read_text()
        program.communicate("go\n", timeout=RUN_S)
        assert program.returncode == 0
    finally:
        program.kill()
        program.wait()
    assert [one.value for one in own_kafka.read("later")] == [b"committed"]
