"""Who runs over the work: soglia and its peers, all started, followed and ended in the same way."""
import os
import subprocess

from measure.progress import Progress
from measure.site import LIMIT_S, PROGRAMS, ROOT
from support.kafka import script

STREAMS = ROOT / "build/bench/streams"
HEAP = "2g"


def build_streams(log_path):
    """Compiles the Streams application and fetches what it needs, by Maven."""
    with open(log_path, "wb") as log:
        command = ["mvn", "-q", "-B", "-f", ROOT / "bench/streams/pom.xml", "compile"]
        built = subprocess.run(command, stdout=log, stderr=log, check=False,
                               env={**os.environ, "JAVA_HOME": script("java-home.sh")})
    if built.returncode != 0:
        raise AssertionError(f"building the Streams application failed: see {log_path}")


class Contender:
    """One who takes quotes. `name` is its name in the report, `alerts` the topic it writes."""

    name = ""

    def __init__(self, installation):
        self.installation = installation
        self.process = None

    @property
    def group(self):
        raise NotImplementedError

    @property
    def alerts(self):
        raise NotImplementedError

    def prepare(self):
        """What has to be there before the first start."""

    def start(self):
        raise NotImplementedError

    def pace(self, count, warm=0.25):
        """Runs over a backlog of quotes and returns its Pace; it goes on running."""
        topic = f"{self.installation.prefix}quotes"
        with Progress(self.installation.kafka, self.group, topic) as progress:
            self.installation.wait_calm()
            self.start()
            return progress.pace(count, self.process, LIMIT_S, warm)

    def digest(self):
        """Number and sum of what it has written."""
        return self.installation.program("topic_digest", f"topic={self.alerts}")


class SogliaAlerts(Contender):
    name = "soglia"
    processor = "alerts"

    @property
    def group(self):
        return f"{self.installation.prefix}soglia-{self.processor}"

    @property
    def alerts(self):
        return f"{self.installation.prefix}alerts"

    def start(self):
        self.process = self.installation.soglia.start("run", self.processor)


class PassThrough(Contender):
    name = "pass-through"

    @property
    def group(self):
        return f"{self.installation.prefix}pass"

    @property
    def alerts(self):
        return f"{self.installation.prefix}passed"

    def prepare(self):
        self.installation.kafka.create_topic(self.alerts, self.installation.partitions)

    def start(self):
        installation = self.installation
        self.process = installation.processes.start("pass_through", [
            PROGRAMS / "pass_through", f"brokers={installation.kafka.brokers}", f"in={installation.prefix}quotes",
            f"out={self.alerts}", f"group={self.group}"])


class Streams(Contender):
    """Kafka Streams; static membership, so that a restart needs no rebalance."""

    variant = ""
    session_ms = 6000

    @property
    def group(self):
        return f"{self.installation.prefix}{self.variant}"

    @property
    def alerts(self):
        return f"{self.installation.prefix}alerts-of-{self.variant}"

    @property
    def state(self):
        return self.installation.folder / self.variant

    def prepare(self):
        self.installation.kafka.create_topic(self.alerts, self.installation.partitions)

    def start(self):
        installation = self.installation
        self.process = installation.processes.start(self.name, [
            script("java-home.sh") + "/bin/java", f"-Xms{HEAP}", f"-Xmx{HEAP}", "-XX:+UseParallelGC", "-XX:-UsePerfData",
            f"-Dlog4j2.configurationFile={ROOT / 'bench/streams/log4j2.properties'}",
            "-cp", f"{STREAMS}/classes:{STREAMS}/libs/*", "StreamsPeer", self.variant, installation.kafka.brokers,
            installation.prefix, self.alerts, self.group, self.state, str(installation.avro.schema_id("alerts")),
            str(self.session_ms)])


class StreamsOneValue(Streams):
    name = "streams-one-value"
    variant = "one-value"


class StreamsRangeScan(Streams):
    name = "streams-range-scan"
    variant = "range-scan"
