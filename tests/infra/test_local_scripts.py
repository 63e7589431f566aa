"""What make up and make down do with processes: they know their own, and leave nothing of them behind."""
import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.wait import until

ROOT = Path(__file__).resolve().parents[2]
STEP_S = 30


@pytest.fixture
def local(tmp_path):
    """Runs lines of a shell that has read scripts/local.sh, for an installation of the test's own that waits for a
    second at its stops. Ends what the lines left behind."""
    env = os.environ | {"SOGLIA_LOCAL_HOME": str(tmp_path)}
    (tmp_path / "run").mkdir()
    sourced = ". <(sed s/stop_s_max=10/stop_s_max=1/ scripts/local.sh)"

    def run(lines):
        return subprocess.run(["bash", "-c", f"set -euo pipefail; {sourced}; {lines}"], cwd=ROOT, env=env,
                              timeout=STEP_S, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    run.home = tmp_path
    yield run
    for note in tmp_path.glob("*.pid"):
        try:
            os.kill(int(note.read_text()), signal.SIGKILL)
        except ProcessLookupError:
            pass


def runs(pid):
    """True while the process lives; a zombie that nobody waits for does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_somebody_elses_process_is_not_taken_for_soglia(local):
    # As after a restart of the machine: the number belongs to an editor that looks at a file of ours.
    other = subprocess.Popen(["bash", "-c", "read -r line; :", "soglia/README.md"], stdin=subprocess.PIPE)
    try:
        (local.home / "run/soglia.pid").write_text(f"{other.pid}\n")
        assert local("is_running soglia \"$soglia_line\"").returncode == 1
        assert local("stop soglia \"$soglia_line\"").returncode == 0
        assert other.poll() is None
    finally:
        other.communicate(b"\n", timeout=STEP_S)


def test_a_stop_leaves_no_child_behind(local):
    # As keep-running.sh with a program that hears no signal.
    stubborn = f"trap \"\" TERM; bash -c \"echo \\$\\$ >{local.home}/child.pid; sleep 60; :\" & wait; wait"
    (local.home / "stubborn.sh").write_text(stubborn + "\n")
    assert local(f"start stubborn stubborn.sh bash {local.home}/stubborn.sh").returncode == 0
    child = until(lambda: (local.home / "child.pid").exists() and (local.home / "child.pid").read_text(), STEP_S, "the child")
    parent = (local.home / "run/stubborn.pid").read_text()
    stopped = local("stop stubborn stubborn.sh")
    assert "killing it" in stopped.stderr and stopped.returncode == 0
    assert not runs(int(parent))
    until(lambda: not runs(int(child)), STEP_S, "the end of the child")
