"""The judge: what is in the topics, the offsets and the state, against what the inputs alone say.

It reads with an independent client, decodes with another Avro, and knows soglia's insides at one point only: where
a state file keeps its positions. `Verdict` counts what was lost, doubled and reordered; all else is told in words.
"""
import hashlib
import json
import struct
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field, replace

import lmdb
from confluent_kafka import Consumer, TopicPartition

from support.avro import Avro
from support.kafka import CALL_S, LOG, Record
from support.line import Line, message_id, runs
from support.soglia import Soglia

from account_oracle import Accounts  # pylint: disable=wrong-import-order  # Found by support.line.

INPUTS = {"ingest": ("users.json", "subscriptions.json", "quotes.json"), "accounts": ("commands",), "alerts": ("subscriptions", "quotes"),
          "notifications": ("users", "alerts"), "deliver": ("notifications",)}
OUTPUTS = {"accounts": ("users", "subscriptions", "command-results"), "alerts": ("alerts",), "notifications": ("notifications",)}
CHANGELOGS = {"accounts": ("soglia-accounts-users-changelog", "soglia-accounts-subscriptions-changelog",
                           "soglia-accounts-commands-changelog"),
              "alerts": ("soglia-alerts-instruments-changelog", "soglia-alerts-subscriptions-changelog"),
              "notifications": ("soglia-notifications-users-changelog",), "deliver": ("soglia-deliver-outbox-changelog",)}
PLACE = struct.Struct("=3q8q")  # state/stores.c: the layout's number, sequence, stream time, next offset of each input
FINGERPRINT_CHARS = 32  # Of one that the program makes.
TOLD_MAX = 5
RUN_S = 120
# From the receiver's taking a message to its sender's death, at most: both wait for a processor on a busy machine.
IN_FLIGHT_S = 3


@dataclass
class Verdict:
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    wrong: list = field(default_factory=list)

    @property
    def good(self):
        return not (self.lost or self.doubled or self.reordered or self.wrong)

    def say(self, text):
        self.wrong.append(text)

    def compare(self, what, got, wanted):
        """Two sequences whose order counts, of things that can be compared."""
        have, want = Counter(got), Counter(wanted)
        missing, extra = want - have, have - want
        foreign = [one for one in extra if one not in want]
        lost, doubled = missing.total(), sum(count for one, count in extra.items() if one in want)
        reordered = sum(one != other for one, other in zip(kept(got, want), kept(wanted, have)))
        self.lost, self.doubled, self.reordered = self.lost + lost, self.doubled + doubled, self.reordered + reordered
        if lost or doubled or reordered:
            self.say(f"{what}: lost {lost}, doubled {doubled}, reordered {reordered}; "
                     f"lost {list(missing)[:TOLD_MAX]}, doubled {[one for one in extra if one in want][:TOLD_MAX]}")
        if foreign:
            self.say(f"{what}: {len(foreign)} that nobody expects: {foreign[:TOLD_MAX]}")

    def compare_runs(self, what, got, wanted):
        """The same for each run of two dictionaries."""
        for run in got.keys() | wanted.keys():
            self.compare(f"{what} of {run}", got.get(run, []), wanted.get(run, []))

    def check(self, holds, text):
        if not holds:
            self.say(text)


def kept(sequence, others):
    """What of a sequence the others have too, in its order and at most as often."""
    left, same = Counter(others), []
    for one in sequence:
        if left[one] > 0:
            left[one] -= 1
            same.append(one)
    return same


def cut_off(messages, deaths):
    """Tells of copies of one message whether their sender may have died, at one of these times, before it wrote the reply down.

    It had not if it went on with the connection: it writes before anything else. Webhooks share connections, so they have
    no `connection`, and the time alone counts.
    """
    last = {id(one.connection): one for one in messages if one.connection is not None}

    def is_cut_off(copy):
        return last.get(id(copy.connection), copy) is copy and any(
            abs(copy.received_at - died) < IN_FLIGHT_S for died in deaths)
    return lambda copies: all(map(is_cut_off, copies[:-1]))


def text_of(value):
    return json.dumps(value, sort_keys=True)


class Judge:
    """Judges one installation whose processes have ended in order."""

    def __init__(self, line, processes, verdict):
        self.line, self.processes, self.verdict = line, processes, verdict
        self._raw, self._decoded = {}, {}

    def _records(self, topic):
        """The committed records of a topic as they are; read once."""
        if topic not in self._raw:
            self._raw[topic] = self.line.kafka.read(self.line.prefix + topic)
        return self._raw[topic]

    def _read(self, topic):
        """The same decoded."""
        if topic not in self._decoded:
            self._decoded[topic] = self.line.decoded([replace(record) for record in self._records(topic)])
        return self._decoded[topic]

    def ingested(self, given):
        """The quotes are those that were `given` as JSON, each instrument's in its order."""
        wanted, got = defaultdict(list), defaultdict(list)
        for one in given:
            wanted[one["instrument"]].append((one["value"], one["event_time"]))
        for record in self._read("quotes"):
            got[record.value["instrument"]].append((record.value["value"], record.value["event_time"]))
        self.verdict.compare_runs("quotes", got, wanted)

    def commanded(self):
        """Users, subscriptions and answers are the oracle's, each person's in their order. Returns its answers."""
        accounts, outputs = Accounts(), []
        for one in sorted(self._records("commands"), key=lambda record: (record.partition, record.offset)):
            outputs.append(accounts.take(self.line.avro.decode(one.value, choices=True), one.timestamp, one.offset))
        for topic, wanted in (("users", [user for one in outputs for user in one.users]),
                              ("subscriptions", [it for one in outputs for it in one.subscriptions]),
                              ("command-results", [one.answer for one in outputs])):
            got = [self.line.avro.decode(one.value, choices=True) for one in self._managed(topic)]
            self.verdict.compare_runs(topic, of_people(map(told, got)), of_people(map(told, wanted)))
        return [one.answer for one in outputs]

    def alerts(self):
        """The alerts are the oracle's. Returns how many those are."""
        records, expected = self._read("alerts"), self.line.expected_alerts(self._read("quotes"))
        self.verdict.check(all(one.key.decode() == one.value["user_id"] for one in records), "an alert under a wrong key")
        ids = Counter(one.value["alert_id"] for one in records)
        self.verdict.check(max(ids.values(), default=1) == 1, f"alert ids twice: {ids.most_common(TOLD_MAX)}")
        got, wanted = runs(one.value for one in records), runs(expected)
        self.verdict.compare_runs("alerts", {run: list(map(text_of, alerts)) for run, alerts in got.items()},
                                  {run: list(map(text_of, alerts)) for run, alerts in wanted.items()})
        return len(expected)

    def notified(self):
        """Each alert that asks for it has one notification, in the order of its user's alerts."""
        wanted, got = defaultdict(list), defaultdict(list)
        for one in self._read("alerts"):
            if one.value["notify"]:
                wanted[one.key].append(one.value["alert_id"])
        for one in self._read("notifications"):
            got[one.key].extend(one.value["alert_ids"])
        self.verdict.compare_runs("notifications", got, wanted)

    def delivered(self, mails, may_be_doubled, webhooks=()):
        """Each notification has one Delivery that ends it, SENT, and a mail or webhook; one that came twice must be allowed to.

        `may_be_doubled(copies)` says whether these copies of one message may be. Returns how many copies there were.
        """
        ids = [one.value["notification_id"] for one in self._read("notifications")]
        ended = [one.value for one in self._read("deliveries") if one.value["outcome"] != "RETRY"]
        self.verdict.check({one["outcome"] for one in ended} <= {"SENT"}, "a notification was not sent")
        self.verdict.compare("deliveries", sorted(one["notification_id"] for one in ended), sorted(ids))
        copies = defaultdict(list)
        for mail in mails:
            copies[message_id(mail)].append(mail)
        for webhook in webhooks:
            copies[webhook.id].append(webhook)
        self.verdict.compare("messages", sorted(copies), sorted(ids))
        for name, same in copies.items():
            self.verdict.check(all(one.raw == same[0].raw for one in same), f"two messages are {name}")
            if len(same) > 1 and not may_be_doubled(same):
                self.verdict.doubled += len(same) - 1
                self.verdict.say(f"message {name} came {len(same)} times, at {[one.received_at for one in same]}")
        return len(mails) + len(webhooks) - len(copies)

    def offsets(self, states):
        """Committed offsets are the ends of what there was to read, and those that the state has stored.

        `states` names the state folders of each processor that ran, one an instance. The stored place of a
        partition is that of the instance which had it last.
        """
        for processor, folders in states.items():
            committed = self._committed(processor)
            for (topic, partition), offset in committed.items():
                end = self._end(topic, partition)
                self.verdict.check(offset == end or end == 0 and offset < 0,
                                   f"{processor} has committed {offset} of {topic} [{partition}], which ends at {end}")
            for partition in {partition for _, partition in committed} if processor in CHANGELOGS else ():
                self._stored(processor, partition, committed, [folder / processor for folder in folders])
        self.files(states)

    def files(self, states):
        """The stores of a state file hold what the changelog says, no more and no less. `states` as for offsets()."""
        for processor, folders in states.items():
            for changelog in CHANGELOGS.get(processor, ()):
                wanted = fold(self.line, changelog)
                store = changelog.removeprefix(f"soglia-{processor}-").removesuffix("-changelog")
                for partition in self.line.kafka.partitions(self.line.prefix + changelog):
                    homes = [folder / processor / str(partition) for folder in folders]
                    found = max(((stored_place(home), home) for home in homes if home.exists()), default=None)
                    kept_there = {} if found is None else stored_rows(found[1], store)
                    in_log = {key: value for (place, key), value in wanted.items() if place == partition}
                    self.verdict.check(kept_there == in_log, f"{found}: {store} has {len(kept_there)} entries, the changelog "
                                       f"{len(in_log)}, {sum(kept_there.get(key) != in_log[key] for key in in_log)} differ")

    def states(self, partitions, processors=("alerts", "notifications")):
        """Outputs and state are those of a run that nobody disturbed, on the same records at the same offsets."""
        for processor in processors:
            calm = undisturbed(self.line, self.processes, partitions, processor)
            for topic in CHANGELOGS[processor]:
                self._same_state(topic, fold(self.line, topic), fold(calm, topic))
            for topic in OUTPUTS[processor]:
                # Others write to the topics of accounts, too.
                written = self._managed(topic) if processor == "accounts" else self._records(topic)
                self.verdict.compare_runs(f"{topic} of an undisturbed run", by_run(self.line, written),
                                          by_run(calm, line_records(calm, topic)))
            self.line.kafka.delete_topics(calm.prefix)

    def _managed(self, topic):
        """The records of a topic that are of those who give commands."""
        people = {one.key for one in self._records("commands")}
        return [one for one in self._records(topic) if self._user(topic, one) in people]

    def _user(self, topic, record):
        return self.line.avro.decode(record.value)["user_id"].encode() if topic == "subscriptions" else record.key

    def _same_state(self, topic, got, wanted):
        differing = sorted(key for key in got.keys() | wanted.keys() if got.get(key) != wanted.get(key))
        self.verdict.check(digest(got) == digest(wanted), f"{topic}: another state than undisturbed: {len(differing)} of "
                           f"{len(wanted)} keys, {[(key, got.get(key), wanted.get(key)) for key in differing[:2]]}")

    def _committed(self, processor):
        prefix, kafka = self.line.prefix, self.line.kafka
        wanted = [TopicPartition(prefix + topic, partition)
                  for topic in INPUTS[processor] for partition in kafka.partitions(prefix + topic)]
        with closing(Consumer(kafka.config(group_id=f"{prefix}soglia-{processor}"), logger=LOG)) as asker:
            return {(one.topic.removeprefix(prefix), one.partition): one.offset
                    for one in asker.committed(wanted, timeout=CALL_S)}

    def _end(self, topic, partition):
        return max((one.offset + 1 for one in self._records(topic) if one.partition == partition), default=0)

    def _stored(self, processor, partition, committed, folders):
        places = [stored_place(folder / str(partition)) for folder in folders if (folder / str(partition)).exists()]
        wanted = tuple(committed[topic, partition] for topic in INPUTS[processor])
        _, stored = max(places, default=(0, (-1,) * len(wanted)))
        self.verdict.check(all(one == other or one <= 0 and other <= 0 for one, other in zip(wanted, stored)),
                           f"{processor} [{partition}]: stored offsets {stored}, committed {wanted}")


def told(value):
    """What the oracle foretells of a record: no words, and no fingerprint that the program makes."""
    if "command_offset" not in value:
        return value
    problem, result = value["problem"], value["result"]
    if isinstance(problem, dict):
        problem = problem["code"], problem["pointer"]
    made = value["fingerprint"] is None or len(value["fingerprint"]) == FINGERPRINT_CHARS
    return {**value, "problem": problem, "result": result and (result[0].removeprefix("soglia."), result[1]),
            "fingerprint": None if made else value["fingerprint"]}


def of_people(values):
    """By person and subscription, as texts."""
    found = defaultdict(list)
    for value in values:
        found[value["user_id"], value.get("subscription_id")].append(text_of(value))
    return found


def stored_place(folder):
    """The number of the last transaction and the next offsets in a state file, read by another LMDB."""
    environment = lmdb.open(str(folder), readonly=True, lock=False, max_dbs=32)
    with closing(environment), environment.begin() as transaction:
        meta = environment.open_db(b"meta", txn=transaction, create=False)
        _, sequence, _, *offsets = PLACE.unpack_from(transaction.get(b"place", db=meta))
    return sequence, tuple(offsets)


def stored_rows(folder, store):
    """The entries of a store in a state file."""
    environment = lmdb.open(str(folder), readonly=True, lock=False, max_dbs=32)
    with closing(environment), environment.begin() as transaction:
        return {bytes(key): bytes(value) for key, value in
                transaction.cursor(environment.open_db(store.encode(), txn=transaction, create=False))}


def fold(line, changelog):
    """The last value of each key."""
    state = {}
    for record in line_records(line, changelog):
        state[record.partition, record.key] = record.value
    return {key: value for key, value in state.items() if value is not None}


def digest(state):
    """A hash of a state, the same for the same entries."""
    whole = hashlib.sha256()
    for (partition, key), value in sorted(state.items()):
        whole.update(struct.pack("=iqq", partition, len(key), len(value)) + key + value)
    return whole.hexdigest()


def line_records(line, topic):
    return line.kafka.read(line.prefix + topic)


def by_run(line, records):
    """The bytes of values by what their order is promised for: a user, and for alerts the partition of the cause too."""
    values = defaultdict(list)
    for record in records:
        value = line.avro.decode(record.value)
        values[record.key, value["user_id"], value.get("cause", {}).get("partition")].append(record.value)
    return values


def undisturbed(line, processes, partitions, processor):
    """Another installation, whose processor reads the same records at the same offsets in peace."""
    prefix = f"{line.prefix}calm-{processor}-"
    soglia = Soglia(processes, line.kafka.brokers, prefix, "smtp://127.0.0.1:1")
    soglia.settings |= {"state.dir": processes.folder / prefix, "topics.partitions": partitions}
    calm = Line(soglia, line.kafka, Avro(line.kafka, prefix), prefix).apply()
    for topic in INPUTS[processor]:
        copy(line, calm, topic)
    process = soglia.start("run", processor)
    for topic in INPUTS[processor]:
        calm.wait_taken(processor, topic, RUN_S)
    assert process.end() == 0, process.tail()
    return calm


def copy(line, calm, topic):
    """Every record to the same offset. Where a marker or an aborted record lies, one is put that is refused."""
    by_partition = defaultdict(list)
    for record in line_records(line, topic):
        rows = by_partition[record.partition]
        while len(rows) < record.offset:
            rows.append(Record(b"-", b"-", timestamp=record.timestamp, partition=record.partition))
        rows.append(Record(record.key, record.value, record.headers, record.timestamp, record.partition))
    for rows in by_partition.values():
        positions = line.kafka.produce(calm.prefix + topic, rows)
        assert [one.offset for one in positions] == list(range(len(rows))), f"{topic}: not the same offsets"
