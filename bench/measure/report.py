"""The table for people and build/bench/results.json for machines."""
import json
import os
import platform
import statistics
from pathlib import Path


class Figure:
    """One row: what soglia reached in each run, what it must reach, and what its peers reached.

    `most` is True when the bar is the most that is allowed. `bar` None stands for "no bar".
    """

    def __init__(self, name, words, unit, bar=None, most=False):
        self.name, self.words, self.unit, self.bar, self.most = name, words, unit, bar, most
        self.values = []
        self.contenders = {}

    def add(self, value, **contenders):
        self.values.append(value)
        for name, one in contenders.items():
            self.contenders.setdefault(name, []).append(one)

    @property
    def value(self):
        return statistics.median(self.values)

    @property
    def holds(self):
        if self.bar is None:
            return True
        return self.value <= self.bar if self.most else self.value >= self.bar

    def entry(self):
        return {"id": self.name, "value": self.value, "unit": self.unit, "bar": self.bar, "holds": self.holds,
                "contenders": {name: statistics.median(values) for name, values in self.contenders.items()}}

    def runs(self):
        return {"id": self.name, "values": self.values, "contenders": self.contenders}


def number(value):
    """A number in the digits that matter."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def row(figure):
    bar = "-" if figure.bar is None else f"{'<=' if figure.most else '>='} {number(figure.bar)}"
    noise = f"{number(min(figure.values))}..{number(max(figure.values))}"
    peers = ", ".join(f"{name} {number(statistics.median(values))}" for name, values in figure.contenders.items())
    holds = "-" if figure.bar is None else "yes" if figure.holds else "NO"
    return [figure.words, f"{number(figure.value)} {figure.unit}", noise, bar, holds, peers]


def table(figures):
    rows = [["figure", "median", "min..max", "bar", "holds", "others in the same run"]]
    rows += [row(figure) for figure in figures]
    widths = [max(len(one[column]) for one in rows) for column in range(len(rows[0]) - 1)]
    lines = []
    for one in rows:
        cells = [cell.rjust(width) if 0 < column < 4 else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(one, widths))]
        lines.append("  ".join([*cells, one[-1]]).rstrip())
    return "\n".join(lines)


def machine(sizes):
    """Where and with what it was measured."""
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines()
                  if line.startswith("model name")), platform.machine())
    memory_kib = int(Path("/proc/meminfo").read_text(encoding="ascii").split()[1])
    return {"processors": os.cpu_count(), "processor": model, "memory_gib": round(memory_kib / 2**20, 1),
            "system": f"{platform.system()} {platform.release()}", "load_at_begin": sizes.load_at_begin,
            "load_at_end": round(os.getloadavg()[0], 2), "quotes": sizes.quotes, "runs": sizes.runs, "seed": sizes.seed,
            "subscriptions": sizes.subscriptions, "seconds": sizes.seconds, "partitions": sizes.partitions, "rate": sizes.rate}


def write(folder, figures, sizes):
    """results.json has the medians, runs.json beside it every run."""
    folder.mkdir(parents=True, exist_ok=True)
    results = {"figures": [figure.entry() for figure in figures], "machine": machine(sizes)}
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="ascii")
    runs = {"runs": [figure.runs() for figure in figures]}
    (folder / "runs.json").write_text(json.dumps(runs, indent=1) + "\n", encoding="ascii")
