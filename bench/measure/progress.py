"""How far a group has come, seen from outside: the positions it has committed."""
import os
import time
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from support.kafka import CALL_S, LOG

LOOK_S = 0.02


def _seconds(stat):
    fields = stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of a running process."""
    return _seconds(Path(f"/proc/{pid}/stat"))


def compiler_seconds(pid):
    """The same of the threads in which Java compiles."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(_seconds(task / "stat") for task in tasks if "CompilerThre" in (task / "comm").read_text(encoding="ascii"))


def memory_mib(pid, row="VmHWM"):
    """Greatest (VmHWM) or present (VmRSS) resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(row + ":"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no {row} of process {pid}")


class Stolen:
    """Measures what share of the processors' time the host of a virtual machine kept for others, while it is entered."""

    STOLEN, TIMES = 7, 8  # /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; guests count as users.

    def __init__(self):
        self.percent = None
        self._before = None

    def __enter__(self):
        self._before = self._times()
        return self

    def __exit__(self, *_):
        passed = [now - before for now, before in zip(self._times(), self._before)]
        self.percent = 100 * passed[self.STOLEN] / max(sum(passed), 1)

    def _times(self):
        with open("/proc/stat", encoding="ascii") as stat:
            return [int(word) for word in stat.readline().split()[1:1 + self.TIMES]]


@dataclass
class Pace:
    """What a process did between two of its commits."""

    records_per_s: float
    cpu_us: float  # Of the process, for each record.
    peak_mib: float


class Progress:
    """The committed positions of a group in one topic, all partitions together."""

    def __init__(self, kafka, group, topic):
        # Not read_committed: that would make the broker wait with its answer for a running commit.
        self._asker = Consumer(kafka.config(group_id=group, enable_auto_commit=False, isolation_level="read_uncommitted"),
                               logger=LOG)
        self._partitions = [TopicPartition(topic, number) for number in kafka.partitions(topic)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._asker.close()

    def records(self):
        return sum(max(one.offset, 0) for one in self._asker.committed(self._partitions, timeout=CALL_S))

    def end(self):
        """Records that the topic has now."""
        return sum(self._asker.get_watermark_offsets(one, timeout=CALL_S)[1] for one in self._partitions)

    def wait(self, count, process, limit_s):
        """Waits until so many records are committed; returns (records, time, CPU seconds) of that moment."""
        deadline = time.monotonic() + limit_s
        while True:
            records = self.records()
            if records >= count:
                return records, time.monotonic(), cpu_seconds(process.pid)
            if not process.running:
                raise AssertionError(f"it ended at {records} of {count} records\n{process.tail()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"only {records} of {count} records after {limit_s} s\n{process.tail()}")
            time.sleep(LOOK_S)

    def pace(self, count, process, limit_s, warm=0.25):
        """The pace over the last part of `count` records: before it a process starts and warms up."""
        first, begun, cpu_begun = self.wait(max(int(count * warm), 1), process, limit_s)
        last, ended, cpu_ended = self.wait(count, process, limit_s)
        done = max(last - first, 1)
        return Pace(done / (ended - begun), (cpu_ended - cpu_begun) * 1e6 / done, memory_mib(process.pid))
