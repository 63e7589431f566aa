"""Free ports of the loopback address."""
import os
import random
import socket

# Below the range that Linux takes client ports from: while a server is down during a test, no connection
# of another process can come to sit on its port.
LOWEST, HIGHEST = 20000, 32000
TRIES = 200
# Each worker of a parallel run draws from a band of its own, to seldom meet what another has chosen.
BANDS = 4
# A chosen port is the process's until it ends, so that two never choose the same one before it is bound.
_claims = []


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def claim(port):
    """True when nobody has chosen it before, in any test run. The kernel frees the name at the process's end."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0soglia-test-port-{port}")
    except OSError:
        name.close()
        return False
    _claims.append(name)
    return True


def band():
    """First and last port of this worker: gw3 has the fourth band."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    width = (HIGHEST - LOWEST) // BANDS
    first = LOWEST + int(worker) % BANDS * width
    return first, first + width


def free_port(offsets=(0,)):
    """A port that is free together with its neighbours at the given distances."""
    for _ in range(TRIES):
        port = random.randrange(*band())
        if all(claim(port + offset) and is_free(port + offset) for offset in offsets):
            return port
    raise RuntimeError(f"no free port in {TRIES} tries")
