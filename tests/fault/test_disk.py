"""A disk that is full, broken, or loses its power; a state file that must grow.

tests/fault/failing_disk.c stands between the program and its state files.
"""
import os
import random
import shutil
import struct

import pytest

from support.line import quote, subscription
from support.wait import until

WAIT_S = 60
INSTRUMENTS = 8
ERRORS = ("ENOSPC", "EIO", "short")
FAILURES_SHORT, FAILURES_LONG = 2, 12  # Each error so often.
CUTS_SHORT, CUTS_LONG = 3, 100
SECTOR = 512
STEP = struct.Struct("=3q")  # failing_disk.c: kind, offset, size; the bytes follow.
WRITE, DURABLE_WRITE, SYNC = b"WDS"


@pytest.fixture
def shim(crashing):
    """What is loaded before libc."""
    found = crashing.parent / "tests/failing_disk.so"
    assert found.exists(), f"{found} is not built"
    return found


class Alerts:
    """The alerts' process, with whatever stands between it and its files."""

    def __init__(self, line, processes, shim):
        self.line, self._processes, self._shim, self._given = line, processes, shim, 0
        line.give("subscriptions", [subscription(f"user-{at}", f"stock:{at}", high=100.5, notify_cleared=True)
                                    for at in range(INSTRUMENTS)])

    def start(self, **disk):
        soglia = self.line.soglia
        env = {**soglia.env, **({"LD_PRELOAD": str(self._shim), **disk} if disk else {})}
        return self._processes.start("alerts", [soglia.program, "run", "alerts"], env)

    def feed(self, count=40):
        first = self._given
        self._given += count
        self.line.give("quotes", [quote(f"stock:{at % INSTRUMENTS}", 100 + at // INSTRUMENTS % 2, at)
                                  for at in range(first, self._given)])

    def work(self, process):
        """Feeds, waits until all is taken, ends in order."""
        self.feed()
        self.line.wait_taken("alerts", "subscriptions", WAIT_S)
        self.line.wait_taken("alerts", "quotes", WAIT_S)
        assert process.end() == 0, process.tail()


@pytest.fixture
def alerts(line, processes, shim):
    return Alerts(line, processes, shim)


def judge_all(judge, line, partitions=4):
    judge.alerts()
    judge.offsets({"alerts": [line.soglia.state]})
    judge.states(partitions, ["alerts"])


@pytest.mark.timeout(900)
def test_writes_that_fail_end_it_with_one_line(alerts, line, judge, verdict, dice, long):
    """Whatever write it is, the next start goes on from a state that is right."""
    alerts.work(alerts.start())
    for error in ERRORS:
        for _ in range(FAILURES_LONG if long else FAILURES_SHORT):
            nth = dice.randrange(1, 60)
            process = alerts.start(FAILING_DISK=f"{nth}:{error}")

            def fed(process=process):
                alerts.feed()
                return not process.running
            until(fed, WAIT_S, lambda at=(nth, error), one=process: f"{at} to be met\n{one.tail()}")
            said = [text for text in process.stderr_path.read_text().splitlines() if text.startswith("soglia: ")]
            verdict.check(process.code == 1 and len(said) == 1 and "cannot be written" in said[0],
                          f"{error} at write {nth}: ended with {process.code}, saying {said}")
            alerts.work(alerts.start())
    judge_all(judge, line)


def test_a_full_map_grows_and_goes_on(alerts, line, soglia, judge):
    soglia.settings["state.map_bytes"] = "1MiB"
    process = alerts.start()
    line.give("subscriptions", [subscription(f"user-{at}", f"stock:{at % INSTRUMENTS}", high=1000.5, label="x" * 100)
                                for at in range(INSTRUMENTS, 20_000)])
    alerts.work(process)
    size = sum(file.stat().st_size for file in soglia.state.glob("alerts/*/data.mdb"))
    assert size > 4 * 2 * (1 << 20), "no file has grown beyond its map"
    judge_all(judge, line)


def steps_of(record):
    """The recorded (kind, offset, bytes) in their order."""
    data, at = record.read_bytes(), 0
    while at < len(data):
        kind, offset, size = STEP.unpack_from(data, at)
        at += STEP.size
        yield kind, offset, data[at:at + size]
        at += size


def image_of(steps, dice):
    """What a power cut after these steps may leave: all that was synced, and of the rest any part in any order.

    A write is cut at a sector. One to a file opened for synchronous data is there when it has returned.
    """
    durable = max((at for at, (kind, _, _) in enumerate(steps) if kind == SYNC), default=-1)
    image = bytearray()
    late = [step for at, step in enumerate(steps) if at > durable and step[0] == WRITE]
    dice.shuffle(late)
    sure = [step for at, step in enumerate(steps) if step[0] == DURABLE_WRITE or step[0] == WRITE and at < durable]
    # Of the unsynced ones some arrive before the last synchronous one, some not at all; pages never overlap within a sync.
    for _, offset, data in [*sure, *(cut(step, dice) for step in late if dice.random() < 0.5)]:
        image.extend(bytes(max(0, offset + len(data) - len(image))))
        image[offset:offset + len(data)] = data
    return bytes(image)


def cut(step, dice):
    kind, offset, data = step
    sectors = len(data) // SECTOR
    return kind, offset, data if dice.random() < 0.5 else data[:dice.randrange(sectors + 1) * SECTOR]


@pytest.fixture
def soglia(soglia, request):
    soglia.settings["topics.partitions"] = 1 if "power" in request.node.name else 4
    return soglia


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("sync", ["commit", "none"])
def test_a_power_cut_leaves_a_state_that_is_right(sync, alerts, line, soglia, judge, seed, long, tmp_path):
    """With state.sync=commit the file is at some transaction; without, the note of another boot makes it be restored."""
    soglia.settings["state.sync"] = sync
    record, home = tmp_path / "record", soglia.state / "alerts/0"
    process = alerts.start(RECORDING_DISK=str(record))
    for _ in range(12):
        alerts.feed()
        line.wait_taken("alerts", "quotes", WAIT_S)
    process.kill9()
    steps = list(steps_of(record))
    assert len(steps) > 50 and any(kind == SYNC for kind, _, _ in steps) == (sync == "commit")

    for number in range(CUTS_LONG if long else CUTS_SHORT):
        dice = random.Random(seed + number)
        shutil.rmtree(home)
        os.makedirs(home)
        (home / "data.mdb").write_bytes(image_of(steps[:dice.randrange(1, len(steps))], dice))
        if sync == "none":
            (home / "unsynced").write_text("00000000-0000-0000-0000-000000000000")
        process = alerts.start()
        alerts.feed()
        until(lambda one=process: not one.running or taken(line), WAIT_S, "the quotes to be taken")
        if not process.running:
            said = process.stderr_path.read_text()
            assert "the file is damaged" in said and "move the folder away" in said, process.tail()
            shutil.rmtree(home)
            process = alerts.start()
        alerts.work(process)
    judge_all(judge, line, partitions=1)


def taken(line):
    try:
        line.wait_taken("alerts", "quotes", 0.1)
    except AssertionError:
        return False
    return True
