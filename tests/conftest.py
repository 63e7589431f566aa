"""Fixtures of all Python tests. One Kafka serves the whole run; a topic prefix keeps the tests apart."""
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import pytest

# The folder of a test run, in the environment so that the workers of pytest-xdist share it.
RUN_FOLDER = "SOGLIA_TEST_RUN"

# Their assertions say what they saw, too.
pytest.register_assert_rewrite("support")


def is_worker(config):
    return hasattr(config, "workerinput")


def pytest_configure(config):
    if not is_worker(config):
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="soglia-tests-")
        os.environ[f"{RUN_FOLDER}_PID"] = str(os.getpid())


def pytest_unconfigure(config):
    """The one process that outlives all workers ends what they shared."""
    if is_worker(config):
        return
    folder = Path(os.environ.pop(RUN_FOLDER))
    if (folder / "kafka").exists():
        from support.kafka import KafkaServer
        KafkaServer(folder / "kafka").stop()
    shutil.rmtree(folder)


def pytest_collection_modifyitems(items):
    """Those that may take long, by their own limit, begin first: no worker is left alone with one in the end."""
    limits = [item.get_closest_marker("timeout") for item in items]
    order = sorted(range(len(items)), key=lambda at: -(limits[at].args[0] if limits[at] else 0))
    items[:] = [items[at] for at in order]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows what its own processes said last."""
    report = (yield).get_result()
    processes = getattr(item, "funcargs", {}).get("processes")
    if report.failed and processes is not None:
        report.sections += processes.tails()


@pytest.fixture(scope="session")
def kafka():
    """The Kafka of the run. The first worker that asks starts it. Not to be stopped or bounced by a test."""
    from support.kafka import KafkaServer
    folder = Path(os.environ[RUN_FOLDER])
    with open(folder / "kafka.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        first = not (folder / "kafka").exists()
        server = KafkaServer(folder / "kafka")
        if first:
            subprocess.Popen([sys.executable, "-m", "support.reaper", os.environ[f"{RUN_FOLDER}_PID"], folder],
                             cwd=Path(__file__).parent, start_new_session=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        server.start()
    return server


@pytest.fixture(scope="session")
def once():
    """once(name, make): the folder that `make(folder)` has filled, by the first worker of the run that asks."""
    def shared(name, make):
        folder = Path(os.environ[RUN_FOLDER]) / name
        with open(f"{folder}.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "complete").exists():
                folder.mkdir()
                make(folder)
                (folder / "complete").touch()
        return folder
    return shared


@pytest.fixture
def own_kafka(tmp_path):
    """A Kafka of the test's own, to be killed and bounced at will."""
    from support.kafka import KafkaServer
    server = KafkaServer(tmp_path / "kafka")
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder)


@pytest.fixture
def prefix(kafka):
    """A topic prefix that nobody else uses; its topics are deleted after the test."""
    name = f"t{uuid.uuid4().hex[:10]}-"
    yield name
    kafka.delete_topics(name)


@pytest.fixture
def processes(tmp_path):
    """Starts processes with their output in the test's folder; ends them after the test."""
    from support.process import Processes
    started = Processes(tmp_path)
    yield started
    started.end()


@pytest.fixture
def smtp():
    """An SMTP server that takes every mail."""
    from support.smtp import SmtpServer
    server = SmtpServer().start()
    yield server
    server.stop()


@pytest.fixture
def smtp_with(tmp_path):
    """Makes SMTP servers with options of SmtpServer (tls, auth)."""
    from support.smtp import SmtpServer
    made = []

    def make(**options):
        made.append(SmtpServer(tmp_path, **options).start())
        return made[-1]
    yield make
    for server in made:
        server.stop()


@pytest.fixture
def scripted_smtp():
    """Makes SMTP servers that follow a script, see support/scripted_smtp.py."""
    from support.scripted_smtp import ScriptedSmtp
    made = []

    def make(scripts=None):
        made.append(ScriptedSmtp(scripts))
        return made[-1]
    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def apicurio(tmp_path_factory):
    """An Apicurio registry, one a worker."""
    from support.apicurio import Apicurio
    registry = Apicurio(tmp_path_factory.mktemp("apicurio"))
    try:
        yield registry.wait_ready()
    finally:
        registry.stop()


@pytest.fixture
def avro(kafka, prefix):
    """Encodes and decodes the values of the installation under the test's prefix."""
    from support.avro import Avro
    return Avro(kafka, prefix)


@pytest.fixture
def soglia(processes, kafka, prefix, smtp):
    """The program, set up with the run's Kafka, the test's prefix and the test's SMTP server."""
    from support.soglia import PARTITIONS, Soglia
    made = Soglia(processes, kafka.brokers, prefix, smtp.url)
    made.settings["topics.partitions"] = PARTITIONS
    return made


@pytest.fixture
def usual_partitions(soglia):
    """For tests in which their number matters: as people have them who do not say."""
    del soglia.settings["topics.partitions"]


@pytest.fixture
def crashing():
    """The program with crash points; SOGLIA_CRASH_BIN names another than that of `cmake --workflow --preset gcc`."""
    program = Path(os.environ.get("SOGLIA_CRASH_BIN", Path(__file__).parents[1] / "build/gcc/soglia")).resolve()
    assert program.exists(), f"{program} is not built: cmake --preset gcc && cmake --build --preset gcc"
    return program


@pytest.fixture(scope="module")
def site(kafka, tmp_path_factory):
    """An installation that runs as long as a module's tests, with everything in one process and cheap passwords."""
    from support.site import Site
    running = Site(kafka, tmp_path_factory.mktemp("site"))
    try:
        yield running.start()
    finally:
        running.end()
