"""Processes of a test: output to files in the test's folder, ended one by one by pid."""
import os
import signal
import subprocess
from dataclasses import dataclass

from support.wait import until

# Asks the kernel for SIGKILL at the parent's death, then makes sure that the parent has not died before that.
LIFELINE = ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", '[ "$PPID" = "$0" ] || exit 1; exec "$@"']
END_S = 10
TAIL_LINES = 40


@dataclass
class Result:
    """How a process that ran to its end went. A negative code is the signal that ended it."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self):
        return self.stdout.decode()


class Process:
    """A running process. It dies with the thread that started it, so even a killed test run leaves none."""

    def __init__(self, name, argv, folder, env=None, stdin=b""):
        self.name = name
        self.stdout_path = folder / f"{name}.out"
        self.stderr_path = folder / f"{name}.err"
        stdin_path = folder / f"{name}.in"
        stdin_path.write_bytes(stdin)
        with open(stdin_path, "rb") as source, open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self._popen = subprocess.Popen(
                [*LIFELINE, str(os.getpid()), *map(str, argv)],
                stdin=source, stdout=out, stderr=err, env=env, start_new_session=True)

    @property
    def pid(self):
        return self._popen.pid

    @property
    def code(self):
        """The exit code, None while it runs."""
        return self._popen.poll()

    @property
    def running(self):
        return self.code is None

    def send(self, sig):
        self._popen.send_signal(sig)

    def pause(self):
        """Stops it as SIGSTOP does; returns when every thread stands still."""
        self.send(signal.SIGSTOP)
        until(lambda: self._state() == "T", END_S, f"{self.name} to stand still")

    def resume(self):
        self.send(signal.SIGCONT)

    def kill9(self):
        self.send(signal.SIGKILL)
        return self.wait()

    def wait(self, timeout_s=END_S):
        """The exit code, once it has ended."""
        try:
            return self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} has not ended within {timeout_s} s\n{self.tail()}") from None

    def end(self, timeout_s=END_S):
        """Ends it in order, by force if that takes too long, and returns the exit code."""
        if self.running:
            self.send(signal.SIGTERM)
            self.send(signal.SIGCONT)
            try:
                self._popen.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill9()
        return self.code

    def result(self, timeout_s):
        code = self.wait(timeout_s)
        return Result(code, self.stdout_path.read_bytes(), self.stderr_path.read_bytes())

    def tail(self, lines=TAIL_LINES):
        """The last lines of what it said, for people."""
        state = "running" if self.running else f"ended with {self.code}"
        parts = [f"{self.name}: pid {self.pid}, {state}"]
        for stream, path in (("stdout", self.stdout_path), ("stderr", self.stderr_path)):
            said = path.read_text(errors="replace").splitlines()[-lines:]
            parts += [f"--- {stream}", *said] if said else []
        return "\n".join(parts)

    def _state(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]


class Processes:
    """The processes of one test."""

    def __init__(self, folder):
        self.folder = folder
        self._started = []

    def start(self, name, argv, env=None, stdin=b""):
        """Starts one with these variables added to the environment."""
        name = f"{len(self._started) + 1:02}-{name}"
        process = Process(name, argv, self.folder, {**os.environ, **(env or {})}, stdin)
        self._started.append(process)
        return process

    def run(self, name, argv, env=None, stdin=b"", timeout_s=30):
        """Starts one and returns its Result."""
        process = self.start(name, argv, env, stdin)
        try:
            return process.result(timeout_s)
        finally:
            process.end()

    def end(self):
        for process in reversed(self._started):
            process.end()

    def tails(self):
        return [(process.name, process.tail()) for process in self._started]
