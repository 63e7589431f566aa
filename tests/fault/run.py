"""make fault: every fault in its long form, and one line at the end that says what was lost, doubled and reordered.

python tests/fault/run.py [--seed N] [--kills N] [pytest's own words]. Exits 0 only when all three are 0 and every test passed.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
KILLS = 1000


def words():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=lambda text: int(text or random.randrange(1 << 32)), default="")
    parser.add_argument("--kills", type=lambda text: int(text or KILLS), default="")
    return parser.parse_known_args()


def main():
    known, more = words()
    print(f"seed {known.seed}, {known.kills} kills", flush=True)
    began = time.monotonic()
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as notes:
        env = {**os.environ, "SOGLIA_FAULT_LONG": "1", "SOGLIA_FAULT_SEED": str(known.seed),
               "SOGLIA_FAULT_KILLS": str(known.kills), "SOGLIA_FAULT_VERDICTS": notes.name}
        done = subprocess.run([sys.executable, "-m", "pytest", "-v", "--timeout=7200", "--durations=0", "--durations-min=1",
                               *(more or [HERE])], env=env, check=False)
        verdicts = [json.loads(line) for line in notes]
    sums = {name: sum(verdict[name] for verdict in verdicts) for name in ("lost", "doubled", "reordered")}
    good = done.returncode == 0 and verdicts and not any(sums.values()) and not any(verdict["wrong"] for verdict in verdicts)
    print(", ".join(f"{name} {count}" for name, count in sums.items()) +
          f" (seed {known.seed}, {known.kills} kills, {len(verdicts)} judged runs, {time.monotonic() - began:.0f} s)"
          + ("" if good else ": FAILED"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
