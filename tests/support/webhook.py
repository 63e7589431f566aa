"""A receiver of webhooks: Node.js with the package `standardwebhooks`, which checks each request."""
import base64
import hashlib
import json
import os
import subprocess
import threading
import time
from pathlib import Path

from support.certificate import self_signed
from support.process import LIFELINE
from support.wait import until

REPO = Path(__file__).resolve().parents[2]
# The package and what it needs, by exact version and hash.
PACKAGES = (
    ("standardwebhooks", "1.1.1", "sha512-bCbX9ZEyFkWPsRz7Bl3NuQUJohmwGSev/yhr7vhaGPlc4AfIrspIRa6cPTBuI1ItmrTDJ4d/S2hCsfe4+vQGnQ=="),
    ("@stablelib/base64", "1.0.1", "sha512-1bnPQqSxSuc3Ii6MhBysoWCg58j97aUjuCSZrGSmDxNqtytIi0k8utUenAwTZN4V5mXXYGsVUI9zeBqy+jBOSQ=="),
    ("fast-sha256", "1.3.0", "sha512-n11RGP/lrWEFI/bWdygLxhI+pVeo1ZYIVwvvPkW7azl/rOy+F3HYRZ2K5zeE9mmkhQppyv9sQFx0JM9UabnpPQ=="),
)
START_S = 10


def fetch_packages(folder):
    for name, version, integrity in PACKAGES:
        subprocess.run([REPO / "scripts/npm-fetch.sh", name, version, folder / "node_modules" / name, integrity],
                       check=True, capture_output=True)


def secret_of(secrets_path, user_id, url):
    """The signing secret of an endpoint, made from the file as docs/webhooks.md says."""
    lines = (line.split() for line in Path(secrets_path).read_text(encoding="ascii").splitlines() if line[:1] not in "#")
    identity = next(bytes.fromhex(line[1]) for line in lines if line[:1] == ["identity"])
    key = hashlib.blake2b(b"webhook", key=identity, digest_size=32).digest()
    secret = hashlib.blake2b(f"{user_id}\0{url}".encode(), key=key, digest_size=32).digest()
    return "whsec_" + base64.b64encode(secret).decode()


class Receiver:
    """Listens on a free port of 127.0.0.1. `requests` are those that came, in order."""

    def __init__(self, folder, tls=True):
        fetch_packages(folder)
        self.ca_path, key_path = self_signed(folder, "webhook") if tls else (None, None)
        arguments = [self.ca_path, key_path] if tls else []
        (folder / "receiver.js").write_bytes((REPO / "tests/support/receiver.js").read_bytes())
        self._errors = open(folder / "receiver.err", "wb")
        self._popen = subprocess.Popen([*LIFELINE, str(os.getpid()), "node", folder / "receiver.js", *arguments],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        self.requests, self._said = [], []
        threading.Thread(target=self._read, daemon=True).start()
        until(lambda: self._said, START_S, lambda: f"the receiver to listen: {(folder / 'receiver.err').read_text()}")
        self.port = self._said[0]["port"]
        self._scheme = "https" if tls else "http"

    def _read(self):
        for line in self._popen.stdout:
            said = json.loads(line)
            if "method" in said:
                self.requests.append(said | {"at": time.time()})
            else:
                self._said.append(said)

    def url(self, path="/hook", host="127.0.0.1"):
        return f"{self._scheme}://{host}:{self.port}{path}"

    def tell(self, path="/hook", secret=None, answers=({},)):
        """Sets what requests of a path are checked with and answered; the last answer is given again and again."""
        count = len(self._said)
        told = {"path": path, "answers": list(answers)} | ({"secret": secret} if secret else {})
        self._popen.stdin.write(json.dumps(told).encode() + b"\n")
        self._popen.stdin.flush()
        until(lambda: len(self._said) > count, START_S, "the receiver to obey")

    def of(self, path="/hook"):
        return [one for one in self.requests if one["path"] == path]

    def wait_for(self, count, path="/hook", timeout_s=20):
        """The requests of a path, once there are at least so many."""
        until(lambda: len(self.of(path)) >= count, timeout_s, lambda: f"{count} webhooks; there are {len(self.of(path))}")
        return self.of(path)

    def end(self):
        self._popen.stdin.close()
        self._popen.wait(START_S)
        self._errors.close()
