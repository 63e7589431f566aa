"""What schemathesis makes of the contract, sent to the program under ASan and to the fast one."""
import os
import random
import re
from pathlib import Path

import pytest

from support import hostile
from support.kafka import REPO
from support.site import Site

# For the long form: 2,000 examples are about 90,000 requests.
SEED, EXAMPLES = "SOGLIA_HOSTILE_SEED", "SOGLIA_HOSTILE_EXAMPLES"
WARM_UP, ROUNDS = 3, 5
GROWTH_KIB_MAX = 4096


@pytest.fixture
def seed():
    chosen = int(os.environ.get(SEED) or random.randrange(1 << 32))
    print(f"seed {chosen}")
    return chosen


@pytest.fixture
def examples():
    """Requests of each kind to each operation."""
    return int(os.environ.get(EXAMPLES) or 4)


@pytest.fixture
def start(kafka, tmp_path):
    """Starts an installation with links in its mails; `program` names another than SOGLIA_BIN."""
    running = Site(kafka, tmp_path)
    running.soglia.settings["mail.link_base"] = f"https://{running.soglia.listen}/"

    def begin(program=None):
        running.soglia.program = program or running.soglia.program
        assert running.soglia.program.exists(), f"{running.soglia.program} is not built"
        return running.start()
    try:
        yield begin
    finally:
        running.end()


def test_nothing_breaks_it(start, seed, examples):
    """Under ASan and UBSan: no fault, no leak. SOGLIA_ASAN_BIN names another program than that of `cmake --workflow --preset dev`."""
    site = start(Path(os.environ.get("SOGLIA_ASAN_BIN", REPO / "build/dev/soglia")).resolve())
    seen = hostile.strangest(site, seed, examples).seen
    print(f"{seen.total()} requests", *(f"{label}: {code} {count}" for (label, code), count in sorted(seen.items())), sep="\n")
    assert site.process.end(timeout_s=60) == 0, site.process.tail()
    said = site.process.stderr_path.read_text(errors="replace")
    assert not re.search(r"Sanitizer|runtime error", said), site.process.tail()


def own_kib(process):
    """Memory of a process that no file stands behind."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1])


def test_memory_stays(start, seed, examples):
    site = start()
    visitor = hostile.strangest(site, seed, max(2, min(examples // 2, 20)))
    grown = []
    for count in range(WARM_UP + max(ROUNDS, examples // 20)):
        visitor.send_again()
        if count >= WARM_UP - 1:
            grown.append(own_kib(site.process))
    print(f"{len(visitor.sent)} requests a round, KiB: {grown}")
    assert grown[-1] - grown[0] < GROWTH_KIB_MAX, grown
