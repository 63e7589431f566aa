"""The cost of a quote that crosses nothing, as thresholds grow on one instrument: counted, not timed."""
import re

from measure.report import Figure
from measure.site import LIMIT_S, PROGRAMS

QUOTES = 20_000
FLAT_BAR = 1.3


def instructions(site, thresholds):
    """Instructions for each quote, by callgrind; only the quotes are counted."""
    folder = site.folder / f"cost-{thresholds}"
    folder.mkdir()
    out = folder / "callgrind.out"
    argv = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}", PROGRAMS / "quote_cost",
            f"folder={folder / 'state'}", f"thresholds={thresholds}", f"quotes={QUOTES}"]
    result = site.processes.run("quote_cost", argv, timeout_s=LIMIT_S)
    if result.code != 0:
        raise AssertionError(f"quote_cost ended with {result.code}: {result.stderr.decode()}")
    return int(re.search(r"^totals: (\d+)", out.read_text(encoding="ascii"), re.M).group(1)) / QUOTES


def measure_instructions(site, tell):
    counts = [10, 1000, site.sizes.thresholds]
    found = {count: instructions(site, count) for count in counts}
    tell("instructions a quote by thresholds: " + ", ".join(f"{count}: {value:,.0f}" for count, value in found.items()))
    flat = Figure("quiet_quote_growth", f"growth of a quiet quote's cost, {counts[0]} to {counts[-1]} thresholds", "x",
                  FLAT_BAR, most=True)
    flat.add(max(found.values()) / min(found.values()),
             **{f"instructions_{count}_thresholds": value for count, value in found.items()})
    return [flat]
