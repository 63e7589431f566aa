"""The program under test, run as people run it: settings by environment, commands, HTTP."""
import os
from pathlib import Path

import requests

from support.contract import contract
from support.ports import free_port
from support.wait import until

PROGRAM = Path(__file__).resolve().parents[2] / "build/soglia"
PARTITIONS = 2  # Of a test that does not say: they show what one would hide, and each costs the broker that all share.
READY_S = 30
HTTP_S = 10


class Soglia:
    """One installation: a prefix, a state folder, an address. `settings` may be changed before a start.

    SOGLIA_BIN names another program than build/soglia.
    """

    def __init__(self, processes, brokers, prefix, smtp_url):
        self.program = Path(os.environ.get("SOGLIA_BIN", PROGRAM)).resolve()
        self.listen = f"127.0.0.1:{free_port()}"
        self.state = processes.folder / "state"
        self.settings = {
            "kafka.brokers": brokers,
            "topics.prefix": prefix,
            "state.dir": self.state,
            "http.listen": self.listen,
            "smtp.url": smtp_url,
            "smtp.from": "soglia@example.org",
        }
        self._processes = processes

    @property
    def env(self):
        return {f"SOGLIA_{key.upper().replace('.', '_')}": str(value) for key, value in self.settings.items()}

    def run(self, *args, stdin=b"", code=0, timeout_s=30):
        """Runs a command to its end and returns its Result. `code` is the exit code expected, None for any."""
        result = self._processes.run(f"soglia-{args[0]}", [self.program, *args], self.env, stdin, timeout_s)
        if code is not None and result.code != code:
            raise AssertionError(f"soglia {' '.join(map(str, args))} ended with {result.code}, not {code}:\n"
                                 + result.stderr.decode(errors="replace"))
        return result

    def start(self, *args):
        """Starts a command that goes on, and returns its Process."""
        return self._processes.start(f"soglia-{args[0]}", [self.program, *args], self.env)

    def get(self, path, **options):
        """The response of the HTTP server to a GET."""
        return self.ask("GET", path, **options)

    def ask(self, method, path, token=None, key=None, headers=(), **options):
        """The response to any request, with a token and an Idempotency-Key if given; held against the contract."""
        headers = dict(headers)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        answer = requests.request(method, f"http://{self.listen}{path}", timeout=HTTP_S, headers=headers, **options)
        contract().check(answer)
        return answer

    def wait_ready(self, process, timeout_s=READY_S):
        """Waits until /readyz answers 200. A process that ends meanwhile fails at once."""
        until(lambda: self._ready(process), timeout_s, lambda: f"/readyz\n{process.tail()}")

    def _ready(self, process):
        if not process.running:
            raise AssertionError(f"soglia ended before it was ready\n{process.tail()}")
        try:
            return self.get("/readyz").status_code == 200
        except requests.ConnectionError:
            return False
