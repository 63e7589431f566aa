"""Where the bench takes place: a Kafka of its own, a folder, the programs, and one installation a run."""
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from measure.progress import cpu_seconds
from support.avro import Avro
from support.kafka import KafkaServer
from support.ports import free_port
from support.process import Processes
from support.soglia import Soglia
from support.wait import until

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build/release/bench"
LIMIT_S = 900
INSTRUMENTS = 1000
# On the grid of 1/10,000 that the walk moves on: see programs/load.c.
SPACING = 10000
# The broker is calm when it uses less than this share of a processor for so long.
CALM_SHARE, CALM_S = 0.1, 1


class Sizes:
    """How much work there is; each has a variable, so that a short form exists."""

    def __init__(self, environment):
        def number(name, default):
            return int(environment.get(f"SOGLIA_BENCH_{name}") or default)
        self.quotes = number("QUOTES", 5_000_000)
        self.runs = number("RUNS", 5)
        self.seed = number("SEED", 1)
        self.subscriptions = number("SUBSCRIPTIONS", 1_000_000)
        self.seconds = number("SECONDS", 20)
        self.thresholds = number("THRESHOLDS", 1_000_000)
        self.partitions = number("PARTITIONS", 4)
        self.rate = number("RATE", 10_000)
        self.load_at_begin = round(os.getloadavg()[0], 2)
        self.only = (environment.get("SOGLIA_BENCH_ONLY") or "").split()


class Site:
    """Ends everything that it started when it is left."""

    def __init__(self, sizes):
        self.sizes = sizes
        self.folder = Path(tempfile.mkdtemp(prefix="soglia-bench-"))
        # The broker is warm for its work, where the tests' one is quick to start.
        os.environ.setdefault("SOGLIA_LOCAL_JAVA_OPTS", "-XX:TieredStopAtLevel=4")
        self.kafka = KafkaServer(self.folder / "kafka")
        self.processes = Processes(self.folder)
        self._installations = []

    def __enter__(self):
        self.kafka.start()
        return self

    def __exit__(self, *_):
        for processes in [self.processes, *(one.processes for one in self._installations)]:
            processes.end()
        self.kafka.stop()
        shutil.rmtree(self.folder)

    def installation(self, name):
        made = Installation(self.kafka, self.folder, name, self.sizes.partitions)
        self._installations.append(made)
        return made


class Installation:
    """One prefix on the bench's Kafka, and what runs on it."""

    def __init__(self, kafka, folder, name, partitions):
        self.kafka = kafka
        self.partitions = partitions
        self.prefix = f"{name}-"
        self.folder = folder / name
        self.folder.mkdir()
        self.processes = Processes(self.folder)
        self.soglia = Soglia(self.processes, kafka.brokers, self.prefix, "smtp://127.0.0.1:1")
        self.soglia.settings |= {"metrics.listen": self.soglia.listen, "topics.partitions": partitions}
        self.soglia.run("topics", "apply", timeout_s=LIMIT_S)
        self.avro = Avro(kafka, self.prefix)

    def program(self, name, *words, timeout_s=LIMIT_S):
        """Runs a program of the bench to its end and returns what it printed."""
        argv = [PROGRAMS / name, *words[:1], f"brokers={self.kafka.brokers}", *words[1:]]
        result = self.processes.run(name, argv, timeout_s=timeout_s)
        if result.code != 0:
            raise AssertionError(f"{name} ended with {result.code}: {result.stderr.decode()}")
        return result.text.strip()

    def load_quotes(self, count, seed, **more):
        self.program("load", "quotes", f"topic={self.prefix}quotes", f"schema_id={self.avro.schema_id('quotes')}",
                     f"count={count}", f"seed={seed}", *(f"{key}={value}" for key, value in more.items()))

    def load_json(self, count, seed):
        self.program("load", "quotes.json", f"topic={self.prefix}quotes.json", f"count={count}", f"seed={seed}")

    def load_subscriptions(self, each):
        self.program("load", "subscriptions", f"topic={self.prefix}subscriptions",
                     f"schema_id={self.avro.schema_id('subscriptions')}", f"each={each}")

    def wait_calm(self):
        """Until what was written before is on the disk and the broker has nothing more to do for it."""
        os.sync()

        def is_calm():
            before = cpu_seconds(self.kafka.pid())
            time.sleep(CALM_S)
            return cpu_seconds(self.kafka.pid()) - before <= CALM_SHARE * CALM_S
        until(is_calm, LIMIT_S, "a calm broker")

    def metric(self, name):
        """Sum of a metric's rows whose text begins so."""
        lines = self.soglia.get("/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    def new_listen(self):
        """Another address for the next process, while one still has the old one."""
        self.soglia.listen = f"127.0.0.1:{free_port()}"
        self.soglia.settings["metrics.listen"] = self.soglia.settings["http.listen"] = self.soglia.listen

    def end(self):
        """Ends its processes and gives its disk back."""
        self.processes.end()
        self.kafka.delete_topics(self.prefix)
        shutil.rmtree(self.folder)


def build_programs(log_path):
    """Builds the bench's own programs beside the released one."""
    with open(log_path, "wb") as log:
        for command in (["cmake", "--preset", "release", "-DSOGLIA_BENCH=ON"], ["cmake", "--build", "--preset", "release"]):
            if subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False).returncode != 0:
                raise AssertionError(f"building the programs failed: see {log_path}")
