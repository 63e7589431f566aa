"""Ingest of JSON, the read views, reads over HTTP, and the memory of a process that has nothing to do."""
import re
import time

import requests

from measure.contenders import SogliaAlerts
from measure.progress import Progress, cpu_seconds, memory_mib
from measure.report import Figure
from measure.site import INSTRUMENTS, LIMIT_S, ROOT, SPACING
from measure.throughput import FEW_EACH, STEP_NINTH

INGEST_BAR, VIEW_BAR, READ_BAR, READ_P99_BAR_MS, IDLE_BAR = 300_000, 300_000, 50_000, 5, 64
WARM, LOOK_S, IDLE_S = 0.25, 0.02, 5
CONNECTIONS = 16
UNITS_MS = {"us": 0.001, "ms": 1, "s": 1000}


class SogliaIngest(SogliaAlerts):
    processor = "ingest"


def measure_ingest(site, tell):
    speed = Figure("ingest_json_per_s", "ingest of JSON quotes", "quotes/s", INGEST_BAR)
    count = site.sizes.quotes
    for run in range(site.sizes.runs):
        installation = site.installation(f"ingest{run}")
        installation.load_json(count, site.sizes.seed + run)
        ingest = SogliaIngest(installation)
        with Progress(installation.kafka, ingest.group, f"{installation.prefix}quotes.json") as progress:
            ingest.start()
            pace = progress.pace(count, ingest.process, LIMIT_S)
        speed.add(pace.records_per_s, cpu_us_per_quote=pace.cpu_us, peak_mib=pace.peak_mib)
        tell(f"ingest, run {run + 1}: {pace.records_per_s:,.0f} quotes/s, {pace.cpu_us:.2f} us of CPU a quote")
        installation.end()
    return [speed]


def view_pace(installation, process, count):
    """Quotes a second into the views, and CPU in us for each, over the last part of a backlog."""
    def taken_now():
        try:
            return installation.metric('soglia_view_records_total{topic="quotes"}')
        except requests.ConnectionError:
            return 0  # It does not listen yet.

    def wait(wanted):
        while True:
            taken = taken_now()
            if taken >= wanted:
                return taken, time.monotonic(), cpu_seconds(process.pid)
            if not process.running:
                raise AssertionError(process.tail())
            time.sleep(LOOK_S)
    first, begun, cpu_begun = wait(count * WARM)
    last, ended, cpu_ended = wait(count)
    done = max(last - first, 1)
    return done / (ended - begun), (cpu_ended - cpu_begun) * 1e6 / done


def read_pace(site, installation):
    """Reads a second of last values over kept connections, and their p99 in ms, by wrk."""
    argv = ["wrk", "--latency", "-t1", f"-c{CONNECTIONS}", f"-d{site.sizes.seconds}s", "-s", ROOT / "bench/programs/last_value.lua",
            f"http://{installation.soglia.listen}", "--", str(INSTRUMENTS)]
    said = installation.processes.run("wrk", argv, timeout_s=site.sizes.seconds + 60).text
    if "Non-2xx" in said or "Socket errors" in said:
        raise AssertionError(f"reads failed:\n{said}")
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1)), float(number) * UNITS_MS[unit]


def measure_views(site, tell):
    speed = Figure("view_quotes_per_s", "views in serve: last value and history", "quotes/s", VIEW_BAR)
    reads = Figure("http_reads_per_s", "reads of a last value, HTTP keep-alive", "reads/s", READ_BAR)
    p99 = Figure("http_reads_p99", "  their p99", "ms", READ_P99_BAR_MS, most=True)
    count = site.sizes.quotes
    for run in range(site.sizes.runs):
        installation = site.installation(f"views{run}")
        installation.load_quotes(count, site.sizes.seed + run)
        process = installation.soglia.start("serve")
        per_s, cpu_us = view_pace(installation, process, count)
        speed.add(per_s, cpu_us_per_quote=cpu_us, peak_mib=memory_mib(process.pid))
        installation.soglia.wait_ready(process)
        reads_per_s, p99_ms = read_pace(site, installation)
        reads.add(reads_per_s)
        p99.add(p99_ms)
        tell(f"views, run {run + 1}: {per_s:,.0f} quotes/s; {reads_per_s:,.0f} reads/s, p99 {p99_ms:.2f} ms")
        installation.end()
    return [speed, reads, p99]


def idle_mib(process):
    """Resident memory after some time with nothing to do."""
    quiet = time.monotonic() + IDLE_S
    while time.monotonic() < quiet:
        time.sleep(LOOK_S)
    return memory_mib(process.pid, "VmRSS")


def measure_idle(site, tell):
    fresh = Figure("resident_mib_idle", "resident memory, started with nothing to do", "MiB", IDLE_BAR, most=True)
    after = Figure("resident_mib_idle_after_work", "  the same some seconds after full speed", "MiB", IDLE_BAR, most=True)
    count = site.sizes.quotes
    installation = site.installation("idle")
    installation.load_subscriptions(FEW_EACH)
    installation.load_quotes(count, site.sizes.seed, each=FEW_EACH, step_max=STEP_NINTH, spacing=SPACING)
    soglia = SogliaAlerts(installation)
    soglia.pace(count)
    after.add(idle_mib(soglia.process))
    soglia.process.end()
    soglia.start()
    installation.soglia.wait_ready(soglia.process)
    fresh.add(idle_mib(soglia.process))
    tell(f"idle: {fresh.values[-1]:.0f} MiB after a start, {after.values[-1]:.0f} MiB after work")
    installation.end()
    return [fresh, after]
