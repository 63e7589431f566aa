"""Waiting, ports, processes, the wire format and the external registry."""
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from support.avro import Avro, file_schema, frame, unframe
from support.kafka import KAFKA_SH, script
from support.ports import free_port, is_free
from support.soglia import Soglia
from support.wait import until

QUOTE = {"instrument": "stock:AAPL", "value": 191.5, "event_time": 1700000000123, "source": "test", "unit": None,
         "details": {"venue": "X"}}


def test_until_returns_what_it_waited_for():
    values = iter([None, 0, "there"])
    assert until(lambda: next(values), 5, "a value") == "there"


def test_until_tells_what_did_not_happen():
    with pytest.raises(AssertionError, match="waited 0.05 s in vain for the moon; last seen: 0"):
        until(lambda: 0, 0.05, "the moon")


def test_a_free_port_is_free_and_a_taken_one_is_not():
    port = free_port((0, 100))
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
    assert is_free(port) and is_free(port + 100)


def test_a_process_runs_to_its_end(processes):
    result = processes.run("cat", ["sh", "-c", 'cat; echo "$WORD" >&2; exit 3'], env={"WORD": "bad"}, stdin=b"in")
    assert (result.code, result.stdout, result.stderr) == (3, b"in", b"bad\n")


def test_a_process_ends_on_sigterm(processes):
    process = processes.start("loop", ["sleep", "600"])
    assert process.running
    assert process.end() == -signal.SIGTERM


def start_stubborn(processes):
    process = processes.start("stubborn", [sys.executable, "-c", "import signal, time\n"
                              "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(600)"])
    until(lambda: process.stdout_path.read_bytes(), 10, "the signal to be ignored")
    return process


def test_a_stubborn_process_is_killed(processes):
    assert start_stubborn(processes).end(timeout_s=0.2) == -signal.SIGKILL


def test_a_process_is_killed_at_once(processes):
    assert start_stubborn(processes).kill9() == -signal.SIGKILL


def test_a_paused_process_stands_still_and_ends(processes):
    process = processes.start("count", ["sh", "-c", "while :; do echo tick; done"])
    until(lambda: process.stdout_path.stat().st_size, 10, "the first tick")
    process.pause()
    size = process.stdout_path.stat().st_size
    assert process.stdout_path.stat().st_size == size
    process.resume()
    until(lambda: process.stdout_path.stat().st_size > size, 10, "more ticks")
    process.pause()
    assert process.end() == -signal.SIGTERM


def test_the_end_of_a_process_is_waited_for_with_bounds(processes):
    process = processes.start("loop", ["sh", "-c", "echo said this; exec sleep 600"])
    until(lambda: process.stdout_path.read_bytes(), 10, "its word")
    with pytest.raises(AssertionError, match="has not ended within 0.05 s\n(.|\n)*said this"):
        process.wait(0.05)


INNER_TEST = """
def test_quiet(processes):
    processes.run("quiet", ["echo", "word of " + "another test"])
def test_loud(processes):
    processes.run("loud", ["sh", "-c", "echo word of $0 test", "this"])
    assert False
"""


def test_a_failure_shows_the_output_of_its_own_processes(tmp_path):
    tests = KAFKA_SH.parents[2] / "tests"
    (tmp_path / "test_inner.py").write_text(INNER_TEST)
    done = subprocess.run([sys.executable, "-m", "pytest", "-c", tests / "pytest.ini", "--rootdir", tmp_path,
                           "-p", "conftest", "test_inner.py"], capture_output=True, text=True, timeout=60, check=False,
                          cwd=tmp_path, env={"PYTHONPATH": str(tests), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)})
    assert done.returncode == 1
    assert "word of this test" in done.stdout
    assert "word of another test" not in done.stdout


def test_a_killed_parent_leaves_no_process(tmp_path):
    code = ("import os, signal, sys; from pathlib import Path; from support.process import Processes\n"
            "print(Processes(Path(sys.argv[1])).start('orphan', ['sleep', '600']).pid, flush=True)\n"
            "os.kill(os.getpid(), signal.SIGKILL)")
    done = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=KAFKA_SH.parents[2] / "tests",
                          capture_output=True, text=True, timeout=30, check=False)
    cmdline = Path(f"/proc/{int(done.stdout)}/cmdline")
    until(lambda: not cmdline.exists() or not cmdline.read_bytes(), 10, "the orphan to end")


def test_the_wire_format_there_and_back():
    schema = file_schema("Quote")
    data = frame(7, schema, QUOTE)
    assert data[:5] == b"\0\0\0\0\7"
    assert unframe(data, {7: schema}.__getitem__) == QUOTE
    with pytest.raises(ValueError, match="1 bytes left over"):
        unframe(data + b"x", {7: schema}.__getitem__)
    with pytest.raises(ValueError, match="not in the wire format"):
        unframe(b"\1" + data[1:], {7: schema}.__getitem__)


def registered(prefix, schema_id, version, **more):
    key = {"keytype": "SCHEMA", "subject": f"{prefix}quotes-value", "version": version, "magic": 1}
    text = (KAFKA_SH.parents[2] / "schemas/avro/Quote.avsc").read_text()
    return json.dumps(key), json.dumps({"subject": key["subject"], "version": version, "id": schema_id, "schema": text,
                                        "deleted": False, **more})


def test_ids_come_from_the_registry_topic(kafka, prefix, avro):
    kafka.create_topic(f"{prefix}_schemas", partitions=1, cleanup_policy="compact")
    kafka.produce(f"{prefix}_schemas", [registered(prefix, 1, 1), registered(prefix, 5, 2),
                                        registered(prefix, 6, 3, deleted=True)])
    data = avro.encode("quotes", QUOTE)
    assert data[:5] == b"\0\0\0\0\5"
    assert Avro(kafka, prefix).decode(data) == QUOTE


def test_the_program_gets_its_settings(processes, monkeypatch):
    monkeypatch.setenv("SOGLIA_BIN", "/usr/bin/env")
    program = Soglia(processes, "127.0.0.1:1", "p-", "smtp://127.0.0.1:2")
    program.settings["deliver.retry_ms"] = 5
    lines = program.run("-u", "HOME").text.splitlines()
    assert {"SOGLIA_KAFKA_BROKERS=127.0.0.1:1", "SOGLIA_TOPICS_PREFIX=p-", "SOGLIA_SMTP_URL=smtp://127.0.0.1:2",
            "SOGLIA_DELIVER_RETRY_MS=5", f"SOGLIA_HTTP_LISTEN={program.listen}"} <= set(lines)
    with pytest.raises(AssertionError, match="ended with 125, not 0"):
        program.run("--nonsense")


def test_a_program_that_ends_is_never_ready(processes, monkeypatch):
    monkeypatch.setenv("SOGLIA_BIN", "/bin/echo")
    program = Soglia(processes, "127.0.0.1:1", "p-", "smtp://127.0.0.1:2")
    with pytest.raises(AssertionError, match="ended before it was ready\n(.|\n)*some words"):
        program.wait_ready(program.start("some", "words"))


def test_the_external_registry_answers(apicurio):
    schema = (KAFKA_SH.parents[2] / "schemas/avro/Quote.avsc").read_text()
    answer = requests.post(f"{apicurio.url}/subjects/quotes-value/versions", json={"schema": schema}, timeout=30)
    assert answer.status_code == 200
    found = requests.get(f"{apicurio.url}/schemas/ids/{answer.json()['id']}", timeout=30).json()
    assert '"Quote"' in found["schema"]


def test_parallel_callers_fill_the_cache_once(tmp_path):
    filler = ('. "$1"; fill() { echo made >>"$SOGLIA_CACHE/count"; }; '
              'for _ in 1 2 3 4; do cache_entry thing "a thing" fill & done; wait')
    cache_sh = KAFKA_SH.parents[2] / "scripts/cache.sh"
    done = subprocess.run(["bash", "-euc", filler, "bash", cache_sh], capture_output=True, text=True, timeout=30,
                          env={"SOGLIA_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin"}, check=True)
    assert (tmp_path / "count").read_text() == "made\n"
    assert done.stdout == f"{tmp_path}/thing\n" * 4


def test_an_interrupted_fill_is_begun_again(tmp_path):
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing/half").touch()
    cache_sh = KAFKA_SH.parents[2] / "scripts/cache.sh"
    subprocess.run(["bash", "-euc", '. "$1"; fill() { :; }; cache_entry thing "a thing" fill', "bash", cache_sh],
                   capture_output=True, timeout=30, env={"SOGLIA_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin"}, check=True)
    assert [path.name for path in (tmp_path / "thing").iterdir()] == [".complete"]


def test_a_fill_that_fails_is_no_entry(tmp_path):
    cache_sh = KAFKA_SH.parents[2] / "scripts/cache.sh"
    done = subprocess.run(["bash", "-euc", '. "$1"; fill() { touch "$1/half" && false; }; cache_entry thing "a thing" fill',
                           "bash", cache_sh], capture_output=True, text=True, timeout=30, check=False,
                          env={"SOGLIA_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert (done.returncode, done.stdout) == (1, "")
    assert f"cannot prepare a thing in {tmp_path}/thing" in done.stderr
    assert not (tmp_path / "thing/.complete").exists()


def test_an_environment_that_cannot_be_filled_is_an_error(tmp_path):
    done = subprocess.run([KAFKA_SH.parents[2] / "scripts/test-env.sh"], capture_output=True, timeout=60, check=False,
                          env={"SOGLIA_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1"})
    assert done.returncode == 1
    assert not list(tmp_path.glob("*/.complete"))


def test_the_environment_is_found_again_at_once():
    assert Path(sys.executable) == Path(script("test-env.sh")) / "bin/python"
