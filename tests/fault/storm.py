"""What storms of kills have in common: processes that are started again, and the moments to kill at."""
import time
from collections import defaultdict

from confluent_kafka import Consumer, TopicPartition

from support.kafka import CALL_S, LOG
from support.wait import until

WAIT_S = 90
STOP_S = 5


class Roles:
    """Processes that are started again at once when they are killed."""

    def __init__(self, soglia, roles):
        self._soglia, self._roles = soglia, roles
        self.running = {name: soglia.start(*words) for name, words in roles.items()}
        self.killed_at = defaultdict(list)

    def kill(self, name):
        self.killed_at[name].append(time.time())
        self.running[name].kill9()
        self.running[name] = self._soglia.start(*self._roles[name])

    def kills(self):
        return {name: len(times) for name, times in self.killed_at.items()}

    def end(self):
        return {name: process.end(STOP_S) for name, process in self.running.items()}


class Progress:
    """What has come so far, uncommitted work included: the moments to kill at are counted in it."""

    def __init__(self, line, topics, mails=()):
        self._partitions = [TopicPartition(line.prefix + topic, partition)
                            for topic in topics for partition in line.kafka.partitions(line.prefix + topic)]
        self._mails = mails
        self._asker = Consumer(line.kafka.config(group_id=f"{line.prefix}progress"), logger=LOG)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._asker.close()

    def count(self):
        return len(self._mails) + sum(self._asker.get_watermark_offsets(one, CALL_S)[1] for one in self._partitions)

    def pass_on(self, steps):
        """Waits until so much more has come, or nothing comes any more."""
        goal, last, moved_at = self.count() + steps, -1, time.monotonic()

        def passed():
            nonlocal last, moved_at
            now = self.count()
            if now != last:
                last, moved_at = now, time.monotonic()
            return now >= goal or time.monotonic() - moved_at > 1
        until(passed, WAIT_S, "anything to come")


def parts(records, count):
    return [records[at * len(records) // count:(at + 1) * len(records) // count] for at in range(count)]
