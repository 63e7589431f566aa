"""The two commands that everybody types: make up, make down. With ports and a folder of the test's own."""
import email.policy
import os
import re
import subprocess
from pathlib import Path

import pytest
import requests

from support.ports import free_port
from support.wait import until

ROOT = Path(__file__).resolve().parents[2]
STEP_S = 120


@pytest.fixture
def make(tmp_path):
    """Runs `make TARGET` for an installation in the test's folder, and takes it down at the end."""
    ports = {name: free_port(offsets) for name, offsets in
             (("kafka", (0, 100)), ("mail", (0,)), ("page", (0,)), ("http", (0,)))}
    env = {key: value for key, value in os.environ.items() if not key.startswith("SOGLIA_") or key == "SOGLIA_CACHE"}
    env |= {"SOGLIA_LOCAL_HOME": str(tmp_path / "home"), "SOGLIA_LOCAL_KAFKA_PORT": str(ports["kafka"]),
            "SOGLIA_LOCAL_MAIL_PORT": str(ports["mail"]), "SOGLIA_LOCAL_MAIL_PAGE_PORT": str(ports["page"]),
            "SOGLIA_HTTP_LISTEN": f"127.0.0.1:{ports['http']}"}

    def run(target):
        done = subprocess.run(["make", "--no-print-directory", target], cwd=ROOT, env=env, timeout=STEP_S,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run.ports, run.home = ports, tmp_path / "home"
    yield run
    run("down")


def try_lines(printed):
    """The lines that `make up` says to try, without the comments."""
    return [line.strip() for line in printed.split("Try:\n", 1)[1].splitlines()]


def shell(line):
    return subprocess.run(["bash", "-c", line], cwd=ROOT, timeout=STEP_S, stdin=subprocess.DEVNULL, check=True,
                          capture_output=True, text=True).stdout


def test_up_says_what_works_and_down_ends_it(make):
    printed = make("up")
    address = re.search(r"Open (\S+) in a browser", printed).group(1)
    assert "<title>soglia</title>" in requests.get(address, timeout=10).text
    *produce, alerts, value, mean = try_lines(printed)
    for line in produce:
        shell(line)
    until(lambda: '"edge":"ENTERED"' in shell(alerts), STEP_S, "the alert of the lines to try")
    found = shell(alerts)
    assert '"side":"HIGH"' in found and '"threshold":190,"value":191.5' in found and found.count("\n") == 1
    until(lambda: '"value":191.5' in shell(value), STEP_S, "the last value")
    assert '"mean":188.25' in shell(mean)
    until(lambda: len(list((make.home / "mail/new").iterdir())) == 1, STEP_S, "the mail")
    page = requests.get(f"http://127.0.0.1:{make.ports['page']}/", timeout=10).text
    assert "AAPL rose above 190" in page
    mail, = (make.home / "mail/new").iterdir()
    link = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)["List-Unsubscribe"].strip().strip("<>")
    assert link.startswith(f"{address}/u/") and "AAPL" in requests.get(link, timeout=10).text

    started = (make.home / "run/soglia.pid").read_text()
    again = make("up")
    assert int(re.search(r"ready after (\d+) s", again).group(1)) < 10
    assert (make.home / "run/soglia.pid").read_text() == started, "a second up starts nothing twice"
    assert "soglia runs" in make("status")

    make("down")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{make.ports['http']}/healthz", timeout=10)
    assert not Path(f"/proc/{started.strip()}").exists()

    make("up")
    assert '"value":191.5' in shell(value), "the data stay"
