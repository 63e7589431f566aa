#!/usr/bin/env python3
"""Measures the program on a Kafka of its own and prints one table. See README.md."""
import json
import os
import platform
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.kafka import KafkaServer, Record  # noqa: E402
from support.ports import free_port  # noqa: E402
from support.process import Processes  # noqa: E402
from support.soglia import Soglia  # noqa: E402
from support.wait import until  # noqa: E402

QUOTES = int(os.environ.get("SOGLIA_BENCH_QUOTES", 1_000_000))
RUNS = int(os.environ.get("SOGLIA_BENCH_RUNS", 3))
INSTRUMENTS = 1000
SUBSCRIPTIONS_EACH = 10
THRESHOLDS = 1_000_000
RESTARTS = 5
LATENCY_QUOTES = 200
LIMIT_S = 300
BASE_MS = 1_700_000_000_000


def quote_lines(count, seed):
    """A random walk of many instruments, as JSON lines."""
    chance = random.Random(seed)
    values = [100.0] * INSTRUMENTS
    for number in range(count):
        which = chance.randrange(INSTRUMENTS)
        values[which] += chance.gauss(0, 1)
        yield f'{{"instrument":"stock:I{which}","value":{values[which]:.2f},"event_time":{BASE_MS + number},"source":"bench"}}\n'


def subscription_lines():
    for which in range(INSTRUMENTS):
        for each in range(SUBSCRIPTIONS_EACH):
            yield (f'{{"subscription_id":"s{which}-{each}","user_id":"u{each}","instrument":"stock:I{which}",'
                   f'"high":{103 + 3 * each},"active":true,"version":1,"changed_at":{BASE_MS}}}\n')


class Installation:
    """One prefix on the bench's Kafka, with a listener for metrics."""

    def __init__(self, kafka, folder, name):
        self.folder = folder / name
        self.folder.mkdir(parents=True)
        self.processes = Processes(self.folder)
        self.soglia = Soglia(self.processes, kafka.brokers, f"{name}-", "smtp://127.0.0.1:1")
        self.metrics_port = free_port()
        self.soglia.settings["metrics.listen"] = f"127.0.0.1:{self.metrics_port}"
        self.soglia.run("topics", "apply", timeout_s=LIMIT_S)

    def produce(self, topic, lines):
        text = "".join(lines).encode()
        begun = time.monotonic()
        self.soglia.run("produce", topic, stdin=text, timeout_s=LIMIT_S)
        return time.monotonic() - begun

    def start(self, role):
        process = self.soglia.start("run", role)
        self.soglia.listen = f"127.0.0.1:{self.metrics_port}"
        return process

    def metric(self, name):
        for line in self.soglia.get("/metrics").text.splitlines():
            if line.startswith(name):
                return float(line.rsplit(" ", 1)[1])
        return 0.0


def cpu_seconds(process):
    """User and system time of a running process."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_backlog(installation, role, topic, count):
    """Runs a processor over what its topic holds: seconds of work, CPU seconds."""
    process = installation.start(role)
    installation.soglia.wait_ready(process, LIMIT_S)
    metric = f'soglia_records_read_total{{processor="{role}",topic="{topic}"}}'
    begun, cpu_begun, read_begun = time.monotonic(), cpu_seconds(process), installation.metric(metric)
    until(lambda: installation.metric(metric) >= count, LIMIT_S, f"{role} reads {count} records")
    seconds, read = time.monotonic() - begun, count - read_begun
    cpu = cpu_seconds(process) - cpu_begun
    return process, seconds / max(read, 1), cpu / max(read, 1)


def restart_seconds(installation, role, process):
    process.kill9()
    begun = time.monotonic()
    process = installation.start(role)
    installation.soglia.wait_ready(process, LIMIT_S)
    return process, time.monotonic() - begun


class AlertReader:
    """An independent client at the end of the alerts."""

    def __init__(self, kafka, prefix):
        import confluent_kafka
        self._consumer = confluent_kafka.Consumer({
            "bootstrap.servers": kafka.brokers, "group.id": f"{prefix}bench", "isolation.level": "read_committed",
            "auto.offset.reset": "latest", "fetch.wait.max.ms": 10})
        self._consumer.assign([confluent_kafka.TopicPartition(f"{prefix}alerts", at, confluent_kafka.OFFSET_END)
                               for at in range(4)])
        self._consumer.poll(1)

    def take(self):
        message = self._consumer.poll(10)
        if message is None or message.error():
            raise AssertionError("no alert came within 10 s")

    def close(self):
        self._consumer.close()


def restarts_with_many_thresholds(kafka, folder, run):
    """kill -9, start, one quote: seconds to its committed alert, for each of some restarts."""
    from support.avro import Avro
    prefix = f"many{run}-"
    installation = Installation(kafka, folder, f"many{run}")
    installation.produce("subscriptions", (
        f'{{"subscription_id":"s{at}","user_id":"u{at % 5000}","instrument":"stock:I{at % INSTRUMENTS}",'
        f'"high":{200 + at // INSTRUMENTS},"active":true,"version":1,"changed_at":{BASE_MS}}}\n'
        for at in range(THRESHOLDS)))
    installation.produce("subscriptions", [
        '{"subscription_id":"probe","user_id":"probe","instrument":"stock:I0","high":150,"notify_cleared":true,'
        f'"active":true,"version":1,"changed_at":{BASE_MS}}}\n'])
    process, _, _ = run_backlog(installation, "alerts", "subscriptions", THRESHOLDS + 1)
    avro, producer, reader = Avro(kafka, prefix), kafka.producer(), AlertReader(kafka, prefix)

    def move(number):
        value = {"instrument": "stock:I0", "value": 160.0 if number % 2 == 0 else 100.0, "event_time": BASE_MS + number,
                 "source": "bench", "unit": None, "details": {}}
        producer.produce(f"{prefix}quotes", avro.encode("quotes", value), b"stock:I0")
        producer.flush()

    move(0)
    reader.take()
    found = []
    for number in range(1, RESTARTS + 1):
        process.kill9()
        begun = time.monotonic()
        process = installation.start("alerts")
        move(number)
        reader.take()
        found.append(time.monotonic() - begun)
    reader.close()
    process.end()
    shutil.rmtree(installation.soglia.state)
    return found


def latency_ms(installation, kafka, prefix):
    """One quote at a time through alerts: sent, and its alert read by an independent client."""
    from support.avro import Avro
    avro, reader = Avro(kafka, prefix), AlertReader(kafka, prefix)
    producer = kafka.producer(**{"linger.ms": 0})
    found = []
    for number in range(LATENCY_QUOTES):
        value = 200.0 if number % 2 == 0 else 0.0
        quote = {"instrument": "stock:LATENCY", "value": value, "event_time": int(time.time() * 1000), "source": "bench",
                 "unit": None, "details": {}}
        begun = time.monotonic()
        producer.produce(f"{prefix}quotes", avro.encode("quotes", quote), b"stock:LATENCY")
        producer.flush()
        reader.take()
        found.append((time.monotonic() - begun) * 1000)
    reader.close()
    return found


def measure(kafka, folder, run):
    name = f"bench{run}"
    installation = Installation(kafka, folder, name)
    figures = {}
    lines = list(quote_lines(QUOTES, run))
    installation.produce("subscriptions", subscription_lines())
    figures["produce"] = QUOTES / installation.produce("quotes", lines)
    process, per_quote, cpu = run_backlog(installation, "alerts", "quotes", QUOTES)
    figures["alerts"], figures["alerts_cpu"] = 1 / per_quote, cpu * 1e6
    process, figures["restart"] = restart_seconds(installation, "alerts", process)
    process.kill9()
    shutil.rmtree(installation.soglia.state)
    begun = time.monotonic()
    process = installation.start("alerts")
    installation.soglia.wait_ready(process, LIMIT_S)
    figures["restore"] = installation.metric('soglia_restore_records_total') / (time.monotonic() - begun)
    subscription = ('{"subscription_id":"latency","user_id":"bench","instrument":"stock:LATENCY","high":100,'
                    f'"notify_cleared":true,"active":true,"version":1,"changed_at":{BASE_MS}}}\n')
    installation.produce("subscriptions", [subscription])
    latencies = sorted(latency_ms(installation, kafka, f"{name}-"))
    figures["latency_p50"] = latencies[len(latencies) // 2]
    figures["latency_p99"] = latencies[len(latencies) * 99 // 100]
    process.end()
    text = "".join(lines[:QUOTES]).encode().splitlines()
    kafka.produce(f"{name}-quotes.json", [Record(None, line) for line in text])
    process, per_quote, _ = run_backlog(installation, "ingest", "quotes.json", QUOTES)
    figures["ingest"] = 1 / per_quote
    process.end()
    figures["restart_many"] = statistics.median(restarts_with_many_thresholds(kafka, folder, run))
    return figures


TABLE = [
    ("produce", "produce: JSON lines to Avro records", "quotes/s"),
    ("ingest", "ingest: JSON records to Avro records", "quotes/s"),
    ("alerts", "alerts: quotes, 10 subscriptions an instrument", "quotes/s"),
    ("alerts_cpu", "alerts: CPU of the process", "us/quote"),
    ("restart", "alerts: kill -9 to ready", "s"),
    ("restart_many", "alerts: kill -9 to an alert, 1,000,000 thresholds", "s"),
    ("restore", "alerts: from an empty disk, start included", "records/s"),
    ("latency_p50", "quote to committed alert, one at a time, p50", "ms"),
    ("latency_p99", "quote to committed alert, one at a time, p99", "ms"),
]


def main():
    folder = Path(tempfile.mkdtemp(prefix="soglia-bench-"))
    os.environ.setdefault("SOGLIA_LOCAL_JAVA_OPTS", "-XX:TieredStopAtLevel=4")
    kafka = KafkaServer(folder / "kafka")
    try:
        kafka.start()
        runs = []
        for run in range(RUNS):
            print(f"run {run + 1} of {RUNS}: {QUOTES} quotes", file=sys.stderr)
            runs.append(measure(kafka, folder, run))
    finally:
        kafka.stop()
        shutil.rmtree(folder)
    figures = []
    print(f"{'figure':50} {'median':>14} {'min':>14} {'max':>14}")
    for figure, words, unit in TABLE:
        values = [run[figure] for run in runs]
        median = statistics.median(values)
        print(f"{words:50} {median:14,.3f} {min(values):14,.3f} {max(values):14,.3f} {unit}")
        figures.append({"id": figure, "value": median, "unit": unit, "runs": values})
    machine = {"processors": os.cpu_count(), "machine": platform.machine(), "system": platform.release(),
               "peak_memory_kib_of_a_child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}
    results = ROOT / "build/bench/results.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps({"figures": figures, "machine": machine}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
