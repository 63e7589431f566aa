#!/usr/bin/env python3
"""Measures soglia and its peers on a Kafka of its own; prints one table, writes one JSON file. See README.md."""
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests")]

from measure import report  # noqa: E402
from measure.changes import measure_changes  # noqa: E402
from measure.contenders import build_streams  # noqa: E402
from measure.instructions import measure_instructions  # noqa: E402
from measure.latency import measure_alerts, measure_mails  # noqa: E402
from measure.recovery import measure_recovery  # noqa: E402
from measure.serving import measure_idle, measure_ingest, measure_views  # noqa: E402
from measure.site import Site, Sizes, build_programs  # noqa: E402
from measure.throughput import measure_backlog, measure_many  # noqa: E402

OUT = ROOT / "build/bench"
# In the order of the table; a name can be chosen with ONLY.
MEASURES = {
    "backlog": measure_backlog,
    "many": measure_many,
    "instructions": measure_instructions,
    "alerts": measure_alerts,
    "mails": measure_mails,
    "recovery": measure_recovery,
    "idle": measure_idle,
    "ingest": measure_ingest,
    "views": measure_views,
    "changes": measure_changes,
}


def main():
    sizes = Sizes(os.environ)
    unknown = [name for name in sizes.only if name not in MEASURES]
    if unknown:
        print(f"no such figures: {' '.join(unknown)}; there are {' '.join(MEASURES)}", file=sys.stderr)
        return 2
    begun = time.monotonic()

    def tell(text):
        print(f"{time.monotonic() - begun:7.1f} s  {text}", file=sys.stderr, flush=True)

    OUT.mkdir(parents=True, exist_ok=True)
    build_programs(OUT / "programs.log")
    build_streams(OUT / "streams.log")
    tell(f"{sizes.quotes:,} quotes, {sizes.runs} runs, seeds from {sizes.seed}, load of the machine {sizes.load_at_begin}")
    figures, failed = [], []
    with Site(sizes) as site:
        for name in sizes.only or MEASURES:
            try:
                figures += MEASURES[name](site, tell)
            except AssertionError as reason:
                failed.append(name)
                tell(f"{name} failed: {reason}")
            report.write(OUT, figures, sizes)
    print(report.table(figures))
    print(f"seeds {sizes.seed} to {sizes.seed + sizes.runs - 1}; results in {OUT / 'results.json'}, each run in runs.json")
    if failed:
        print(f"not measured: {' '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
