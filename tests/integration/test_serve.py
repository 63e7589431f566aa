"""soglia serve on real Kafka: what was produced by an independent client is what HTTP answers."""
import math
import random
import re
import time
from urllib.parse import quote as escaped

import pytest
import requests
from confluent_kafka import TopicPartition
from confluent_kafka.admin import OffsetSpec

from support.avro import parse
from support.kafka import Record
from support.wait import until

WAIT_S = 20
NOW = 1_795_190_400_000  # 2026-11-20T16:00:00Z


def quote(instrument, value, event_time, **more):
    return {"instrument": instrument, "value": value, "event_time": event_time, "source": "test", "unit": None,
            "details": {}, **more}


class Serving:
    """A running `soglia serve` with its topics made."""

    def __init__(self, soglia, kafka, avro, prefix):
        self.soglia, self.kafka, self.avro = soglia, kafka, avro
        self.topic = f"{prefix}quotes"
        soglia.settings["http.wait"] = "1s"
        soglia.settings["state.map_bytes"] = "64MiB"
        soglia.run("topics", "apply")
        self.process = None

    def start(self):
        self.process = self.soglia.start("serve")
        self.soglia.wait_ready(self.process)
        return self

    def record(self, quote_record, **more):
        return Record(quote_record["instrument"], self.avro.encode("quotes", quote_record),
                      timestamp=more.pop("timestamp", NOW), **more)

    def produce(self, *quotes):
        return self.kafka.produce(self.topic, [self.record(one) for one in quotes])

    def get(self, path, **options):
        return self.soglia.get(path, **options)

    def json(self, path, **options):
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def after(self, positions):
        """A min_position that stands for these records."""
        newest = {}
        for partition, offset in positions:
            newest[partition] = max(newest.get(partition, 0), offset + 1)
        return "quotes:" + ",".join(f"{partition}={offset}" for partition, offset in sorted(newest.items()))

    def metric(self, name):
        found = re.findall(rf"^{name}{{[^}}]*}} (\d+)$", self.get("/metrics").text, re.M)
        return sum(map(int, found))


@pytest.fixture
def serving(soglia, kafka, avro, prefix):
    return Serving(soglia, kafka, avro, prefix).start()


def test_last_value_history_and_mean(serving):
    positions = serving.produce(quote("stock:AAPL", 185.0, NOW - 1000), quote("stock:AAPL", 191.5, NOW, unit="USD"))
    reached = {"min_position": serving.after(positions)}
    last = serving.json("/v1/instruments/stock:AAPL", params=reached)
    assert last == {
        "instrument": "stock:AAPL", "value": 191.5, "unit": "USD", "source": "test",
        "event_time": "2026-11-20T16:00:00.000Z", "event_time_ms": NOW, "count": 2, "late": 0,
        "position": {"topic": "quotes", "partition": positions[1].partition, "offset": positions[1].offset},
    }
    mean = serving.json("/v1/instruments/stock:AAPL/mean?last=2")
    assert (mean["mean"], mean["count"]) == (188.25, 2)
    assert serving.json("/v1/instruments/stock:AAPL/mean?last=1")["mean"] == 191.5
    history = serving.json("/v1/instruments/stock:AAPL/quotes")
    assert [one["value"] for one in history["quotes"]] == [185.0, 191.5]
    assert history["next"] is None


def test_late_quotes_are_history_and_not_the_last_value(serving):
    positions = serving.produce(quote("fx:EUR/USD", 1.10, NOW), quote("fx:EUR/USD", 1.05, NOW - 5000),
                                quote("fx:EUR/USD", 1.11, NOW))
    path = "/v1/instruments/" + escaped("fx:EUR/USD", safe="")
    last = serving.json(path, params={"min_position": serving.after(positions)})
    assert (last["value"], last["count"], last["late"]) == (1.11, 3, 1)
    values = [(one["event_time_ms"], one["value"]) for one in serving.json(path + "/quotes")["quotes"]]
    assert values == [(NOW - 5000, 1.05), (NOW, 1.10), (NOW, 1.11)]
    assert serving.json(path + "/mean?last=2")["mean"] == math.fsum([1.10, 1.11]) / 2


def test_ranges_and_pages_equal_a_model(serving):
    rng = random.Random(7)
    model = []
    times = [NOW - rng.randrange(50_000) for _ in range(3000)]
    quotes = [quote("metric:gateway:latency_ms", rng.uniform(-1e6, 1e6), at) for at in times]
    positions = serving.produce(*quotes)
    for one, (partition, offset) in zip(quotes, positions):
        model.append((one["event_time"], partition, offset, one["value"]))
    model.sort()
    base = "/v1/instruments/metric:gateway:latency_ms"
    serving.json(base, params={"min_position": serving.after(positions)})

    for start, end in [(NOW - 40_000, NOW - 20_000), (NOW - 1, NOW + 1), (NOW - 60_000, NOW - 49_000)]:
        url, got = f"{base}/quotes?from={start}&to={end}&limit=700", []
        while url:
            answer = serving.get(url)
            got += [(one["event_time_ms"], one["partition"], one["offset"], one["value"])
                    for one in answer.json()["quotes"]]
            url = answer.links.get("next", {}).get("url")
        assert got == [row for row in model if start <= row[0] < end]
    for last in (1, 64, 65, 999, 3000, 10_000):
        tail = [row[3] for row in model[-last:]]
        answer = serving.json(f"{base}/mean?last={last}")
        assert (answer["mean"], answer["count"]) == (math.fsum(tail) / len(tail), len(tail))


def test_instruments_in_pages_by_kind(serving):
    names = [f"stock:S{number:03}" for number in range(25)] + ["fx:EUR/USD", "stocks:x", "flight:CTA-MIL"]
    positions = serving.produce(*[quote(name, 1.0, NOW) for name in names])
    all_of_them = serving.json("/v1/instruments", params={"min_position": serving.after(positions)})
    assert [one["instrument"] for one in all_of_them["instruments"]] == sorted(names)
    url, got = "/v1/instruments?kind=stock&limit=10", []
    while url:
        answer = serving.get(url)
        got.append([one["instrument"] for one in answer.json()["instruments"]])
        url = answer.links.get("next", {}).get("url")
    assert [len(page) for page in got] == [10, 10, 5]
    assert sum(got, []) == sorted(name for name in names if name.startswith("stock:"))


def test_aborted_and_open_transactions_are_invisible(serving, kafka, prefix):
    producer = kafka.producer(transactional_id=f"{prefix}t")
    producer.init_transactions(10)
    key, value = "stock:X", serving.avro.encode("quotes", quote("stock:X", 1.0, NOW))
    producer.begin_transaction()
    producer.produce(serving.topic, key=key, value=value, timestamp=NOW)
    producer.flush(10)
    producer.abort_transaction(10)
    producer.begin_transaction()
    producer.produce(serving.topic, key=key, timestamp=NOW,
                     value=serving.avro.encode("quotes", quote("stock:X", 2.0, NOW)))
    producer.flush(10)
    # Another instrument, whose partition has no open transaction, shows that the views have moved on.
    other = next(name for name in (f"stock:Y{i}" for i in range(50))
                 if partition_of(kafka, serving.topic, name) != partition_of(kafka, serving.topic, key))
    positions = serving.produce(quote(other, 5.0, NOW))
    serving.json(f"/v1/instruments/{other}", params={"min_position": serving.after(positions)})
    assert serving.get("/v1/instruments/stock:X").status_code == 404
    producer.commit_transaction(10)
    until(lambda: serving.get("/v1/instruments/stock:X").status_code == 200, WAIT_S, "the committed quote")
    assert [one["value"] for one in serving.json("/v1/instruments/stock:X/quotes")["quotes"]] == [2.0]


def partition_of(kafka, topic, key):
    """Where Java's partitioner puts a key, by murmur2 written out here."""
    data, mask = key.encode(), 0xFFFFFFFF
    h = (0x9747B28C ^ len(data)) & mask
    for at in range(0, len(data) - 3, 4):
        k = int.from_bytes(data[at:at + 4], "little") * 0x5BD1E995 & mask
        k = (k ^ k >> 24) * 0x5BD1E995 & mask
        h = h * 0x5BD1E995 & mask ^ k
    rest = data[len(data) & ~3:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * 0x5BD1E995 & mask
    h = (h ^ h >> 13) * 0x5BD1E995 & mask
    return ((h ^ h >> 15) & 0x7FFFFFFF) % len(kafka.partitions(topic))


@pytest.mark.parametrize("end", ["end", "kill9"])
def test_a_restart_goes_on_without_reading_again(serving, end):
    quotes = [quote(f"stock:S{i % 7}", float(i), NOW + i) for i in range(2000)]
    positions = serving.produce(*quotes)
    reached = {"min_position": serving.after(positions)}
    before = serving.get("/v1/instruments", params=reached)
    assert before.status_code == 200
    assert serving.metric("soglia_view_records_total") == 2000

    getattr(serving.process, end)()
    serving.start()
    after = serving.get("/v1/instruments")
    assert after.json() == before.json()
    assert after.headers["ETag"] == before.headers["ETag"]
    assert serving.metric("soglia_view_records_total") == 0

    positions = serving.produce(quote("stock:S0", -1.0, NOW + 9000))
    last = serving.json("/v1/instruments/stock:S0", params={"min_position": serving.after(positions)})
    assert (last["value"], last["count"]) == (-1.0, len(quotes[::7]) + 1)
    assert serving.metric("soglia_view_records_total") == 1


def test_killed_again_and_again_while_reading(serving):
    """Every quote is in the history once, wherever the process died."""
    rng = random.Random(11)
    total = 0
    names = [f"stock:S{i}" for i in range(5)]
    positions = []
    for _ in range(6):
        quotes = [quote(rng.choice(names), float(total + i), NOW + total + i) for i in range(400)]
        total += len(quotes)
        positions += serving.produce(*quotes)
        time.sleep(rng.uniform(0, 0.05))  # Any moment is a good one to die.
        serving.process.kill9()
        serving.start()
    serving.json("/v1/instruments", params={"min_position": serving.after(positions)})
    seen = []
    for name in names:
        url = f"/v1/instruments/{name}/quotes?limit=1000"
        while url:
            answer = serving.get(url)
            seen += [one["value"] for one in answer.json()["quotes"]]
            url = answer.links.get("next", {}).get("url")
    assert sorted(seen) == [float(i) for i in range(total)]


def test_hostile_records_are_left_out_and_counted(serving):
    good = serving.avro.encode("quotes", quote("stock:X", 7.0, NOW))
    nan = serving.avro.encode("quotes", quote("stock:X", math.nan, NOW))
    early = serving.avro.encode("quotes", quote("stock:X", 1.0, -1))
    ahead = serving.avro.encode("quotes", quote("stock:X", 1.0, NOW + 86_400_001))
    bad_values = [b"", b"\0", b"{}", good[:-1], good + b"x", b"\0\xff\xff\xff\xff" + good[5:], None, nan, early, ahead]
    records = [Record("stock:X", value, timestamp=NOW) for value in bad_values]
    records.append(Record("stock:Y", good, timestamp=NOW))
    records.append(Record("stock:X", good, timestamp=NOW))
    positions = serving.kafka.produce(serving.topic, records)
    last = serving.json("/v1/instruments/stock:X", params={"min_position": serving.after(positions)})
    assert (last["value"], last["count"]) == (7.0, 1)
    assert serving.get("/v1/instruments/stock:Y").status_code == 404
    assert serving.metric("soglia_view_refused_total") == len(records) - 1
    assert serving.process.running


def test_a_topic_made_anew_is_not_mixed_with_the_old_one(serving, kafka):
    positions = serving.produce(*[quote("stock:X", float(i), NOW + i) for i in range(20)])
    serving.json("/v1/instruments/stock:X", params={"min_position": serving.after(positions)})
    serving.process.end()
    admin = kafka.admin
    admin.delete_topics([serving.topic])[serving.topic].result(WAIT_S)
    until(lambda: serving.topic not in admin.list_topics(timeout=WAIT_S).topics, WAIT_S, "the topic to go")
    kafka.create_topic(serving.topic)
    # As long as the old one, so that its end alone does not give it away.
    positions = serving.produce(*[quote("stock:X", float(100 + i), NOW + i) for i in range(30)])
    serving.start()
    last = serving.json("/v1/instruments/stock:X", params={"min_position": serving.after(positions)})
    assert (last["value"], last["count"]) == (129.0, 30)
    values = [one["value"] for one in serving.json("/v1/instruments/stock:X/quotes")["quotes"]]
    assert values == [float(100 + i) for i in range(30)]


def test_min_position_waits_and_gives_up(serving):
    positions = serving.produce(quote("stock:X", 1.0, NOW))
    partition, offset = positions[0]
    path = "/v1/instruments/stock:X"
    assert serving.get(path, params={"min_position": serving.after(positions)}).status_code == 200
    assert serving.get(path, headers={"Soglia-Min-Position": serving.after(positions)}).status_code == 200
    began = time.monotonic()
    answer = serving.get(path, params={"min_position": f"quotes:{partition}={offset + 2}"})
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "1"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert 0.9 < time.monotonic() - began < 5
    for broken in ("", "quotes", "quotes:", "quotes:x=1", "quotes:0=-1", "dead-letters:0=1", "quotes:0=1;;"):
        assert serving.get(path, params={"min_position": broken}).status_code == 400, broken


def test_soglia_position_is_what_was_read(serving, kafka):
    positions = serving.produce(*[quote(f"stock:S{i}", 1.0, NOW) for i in range(40)])
    answer = serving.get("/v1/instruments", params={"min_position": serving.after(positions)})
    offsets = dict(pair.split("=") for pair in answer.headers["Soglia-Position"].removeprefix("quotes:").split(","))
    admin = kafka.admin
    asked = {TopicPartition(serving.topic, partition): OffsetSpec.latest() for partition in kafka.partitions(serving.topic)}
    ends = {at.partition: future.result(WAIT_S).offset for at, future in admin.list_offsets(asked).items()}
    assert {int(partition): int(offset) for partition, offset in offsets.items()} \
        == {partition: end for partition, end in ends.items() if end > 0}


def test_not_ready_without_kafka_but_alive(soglia, processes):
    soglia.settings["kafka.brokers"] = "127.0.0.1:1"
    process = soglia.start("serve")

    def answers():
        try:
            return soglia.get("/healthz").status_code == 200
        except requests.ConnectionError:
            return not process.running
    until(answers, WAIT_S, "/healthz")
    assert process.running, process.tail()
    ready = soglia.get("/readyz")
    assert ready.status_code == 503 and ready.json()["status"] == 503
    assert soglia.get("/v1/instruments").json() == {"instruments": [], "next": None}
    assert soglia.get("/registry/subjects").status_code == 503
    process.end()
    assert process.code == 0


def test_without_topics_it_says_what_to_do(soglia, kafka, prefix):
    process = soglia.start("serve")
    assert process.wait(WAIT_S) == 1
    assert "topics apply" in process.tail()


def test_registry_as_confluent_serves_it(serving, prefix):
    subject = f"{prefix}quotes-value"
    assert subject in serving.json("/registry/subjects")
    assert serving.json(f"/registry/subjects/{subject}/versions") == [1]
    latest = serving.json(f"/registry/subjects/{subject}/versions/latest")
    assert latest["subject"] == subject and latest["version"] == 1
    assert latest["id"] == serving.avro.schema_id("quotes")
    by_id = serving.get(f"/registry/schemas/ids/{latest['id']}", headers={"Accept": "application/json"})
    assert parse(by_id.json()["schema"]) == serving.avro.schema(latest["id"])
    assert by_id.headers["Content-Type"] == "application/vnd.schemaregistry.v1+json"
    assert serving.json("/registry/schemas/types") == ["AVRO"]
    assert serving.json("/registry/config") == {"compatibilityLevel": "BACKWARD_TRANSITIVE"}
    for path, code in (("/registry/subjects/none/versions", 40401), (f"/registry/subjects/{subject}/versions/9", 40402),
                       (f"/registry/subjects/{subject}/versions/x", 42202), ("/registry/schemas/ids/9999", 40403),
                       (f"/registry/config/{subject}", 40408)):
        answer = serving.get(path)
        assert (answer.status_code, answer.json()["error_code"]) == (code // 100, code), path


def test_an_unchanged_answer_is_not_sent_again(serving):
    positions = serving.produce(quote("stock:X", 1.0, NOW))
    path = "/v1/instruments/stock:X"
    first = serving.get(path, params={"min_position": serving.after(positions)})
    again = serving.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    positions = serving.produce(quote("stock:X", 2.0, NOW + 1))
    other = serving.get(path, params={"min_position": serving.after(positions)},
                        headers={"If-None-Match": first.headers["ETag"]})
    assert (other.status_code, other.json()["value"]) == (200, 2.0)


def test_sigterm_ends_in_time_with_everything_committed(serving):
    positions = serving.produce(*[quote("stock:X", float(i), NOW + i) for i in range(5000)])
    serving.json("/v1/instruments/stock:X", params={"min_position": serving.after(positions)})
    began = time.monotonic()
    assert serving.process.end() == 0
    assert time.monotonic() - began < 5
