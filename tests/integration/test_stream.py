"""GET /v1/stream on real Kafka: what a client saw over many cut connections is what is in the topics."""
import random
import re
import subprocess
import threading
import time
from urllib.parse import quote as escaped

import pytest
import requests
from confluent_kafka import TopicPartition

from support.avro import Avro
from support.events import Stream
from support.kafka import Kafka, Record
from support.ports import free_port
from support.soglia import PARTITIONS
from support.wait import until
from test_kafka_layer import program_path

WAIT_S = 30
NOW = 1_795_190_400_000  # 2026-11-20T16:00:00Z


def quote(instrument, value, event_time=NOW, **more):
    return {"instrument": instrument, "value": value, "event_time": event_time, "source": "test", "unit": None,
            "details": {}, **more}


def alert(user, number, **more):
    return {"alert_id": f"{user}-{number}", "subscription_id": "s1", "subscription_version": 7, "user_id": user,
            "instrument": "stock:AAPL", "side": "HIGH", "edge": "ENTERED", "initial": False, "threshold": 190.0,
            "value": 191.5, "previous_value": None, "event_time": NOW + number,
            "cause": {"topic": "quotes", "partition": 2, "offset": number}, "suppressed": None, "label": None,
            "notify": True, **more}


class Topics:
    """What is produced by an independent client, and what is in the topics in the end."""

    def __init__(self, kafka, avro, prefix):
        self.kafka, self.avro, self.prefix = kafka, avro, prefix

    def quotes(self, *quotes):
        return self.kafka.produce(f"{self.prefix}quotes", [
            Record(one["instrument"], self.avro.encode("quotes", one), timestamp=NOW) for one in quotes])

    def alerts(self, *alerts):
        return self.kafka.produce(f"{self.prefix}alerts", [
            Record(one["user_id"], self.avro.encode("alerts", one), timestamp=NOW) for one in alerts])

    def quote_places(self, instruments):
        """The places of committed quotes, by instrument in order."""
        found = {name: [] for name in instruments}
        for record in self.kafka.read(f"{self.prefix}quotes"):
            if record.key.decode() in found:
                found[record.key.decode()].append((record.partition, record.offset))
        return found


def quotes_of(streams):
    """The places of quotes that these streams saw, one after the other, by instrument."""
    found = {}
    for stream in streams:
        for one in stream.named("quote"):
            found.setdefault(one["instrument"], []).append((one["position"]["partition"], one["position"]["offset"]))
    return found


class Server:
    """`soglia serve`, or the streams alone with users (stream_serve)."""

    def __init__(self, port, process, soglia=None):
        self.port, self.process, self.soglia = port, process, soglia

    def open(self, target, last_id="", **more):
        return Stream(self.port, target, last_id, **more)

    def metric(self, name):
        text = requests.get(f"http://127.0.0.1:{self.port}/metrics", timeout=WAIT_S).text
        return sum(map(float, re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.M)))


@pytest.fixture
def topics(soglia, kafka, avro, prefix):
    soglia.run("topics", "apply")
    return Topics(kafka, avro, prefix)


@pytest.fixture
def serve(soglia, topics):
    """Starts `soglia serve` with more settings."""
    soglia.settings["state.map_bytes"] = "64MiB"
    soglia.settings["http.per_address"] = 2000

    def start(**settings):
        soglia.settings.update({key.replace("__", "."): value for key, value in settings.items()})
        process = soglia.start("serve")
        soglia.wait_ready(process)
        return Server(int(soglia.listen.rpartition(":")[2]), process, soglia)
    return start


@pytest.fixture
def users(kafka, prefix, topics):
    """Starts the streams with an authorisation: a token is the user's name."""
    started = []

    def start(**settings):
        given = {"kafka.brokers": kafka.brokers, "topics.prefix": prefix, "http.listen": f"127.0.0.1:{free_port()}",
                 **{key.replace("__", "."): value for key, value in settings.items()}}
        process = subprocess.Popen([program_path("stream_serve"), *(f"{key}={value}" for key, value in given.items())],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return Server(int(process.stdout.readline()), process)
    yield start
    for process in started:
        process.stdin.close()
        assert process.wait(WAIT_S) == 0


def token(user):
    return [f"Authorization: Bearer {user}"]


def test_a_quote_as_it_comes(serve, topics):
    stream = serve().open("/v1/stream?instruments=stock:AAPL,fx:EUR/USD")
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store"
    assert stream.headers["x-accel-buffering"] == "no"
    assert stream.headers["transfer-encoding"] == "chunked"
    stream.read_until(lambda: stream.last_id, WAIT_S, "where it begins")
    assert 1000 <= stream.parser.retry <= 10_000 and not stream.events
    positions = topics.quotes(quote("stock:AAPL", 191.5, NOW + 250, unit="USD"), quote("stock:MSFT", 1.0),
                              quote("fx:EUR/USD", 1.1))
    stream.read_until(lambda: len(stream.events) == 2, WAIT_S, "two quotes")
    by_name = {one["instrument"]: one for one in stream.named("quote")}
    assert by_name["stock:AAPL"] == {
        "instrument": "stock:AAPL", "value": 191.5, "unit": "USD", "source": "test",
        "event_time": "2026-11-20T16:00:00.250Z", "event_time_ms": NOW + 250,
        "position": {"topic": "quotes", "partition": positions[0].partition, "offset": positions[0].offset}}
    assert by_name["fx:EUR/USD"]["unit"] is None
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,200}", event.id) for event in stream.events)


def test_a_quote_of_the_stream_equals_the_resource(serve, topics):
    server = serve()
    stream = server.open("/v1/stream?instruments=" + escaped("metric:a\\,b", safe=""))
    stream.read_until(lambda: stream.last_id, WAIT_S, "where it begins")
    [(partition, offset)] = topics.quotes(quote("metric:a,b", 1e-7, source="ü" * 100, unit="µ" * 50))
    stream.read_until(lambda: stream.events, WAIT_S, "the quote")
    resource = server.soglia.get("/v1/instruments/metric:a,b",
                                 params={"min_position": f"quotes:{partition}={offset + 1}"}).json()
    del resource["count"], resource["late"]
    assert stream.named("quote") == [resource]


def test_alerts_are_of_their_user_alone(users, topics):
    server = users()
    mine = server.open("/v1/stream?alerts=true", headers=token("ann"))
    both = server.open("/v1/stream?alerts=true&instruments=stock:AAPL", headers=token("bob"))
    quotes = server.open("/v1/stream?instruments=stock:AAPL", headers=token("ann"))
    for stream in (mine, both, quotes):
        stream.read_until(lambda one=stream: one.last_id, WAIT_S, "where it begins")
    sent = [alert("ann", 1, label="my \"AAPL\"\nline"), alert("bob", 2, suppressed="cooldown", notify=False),
            alert("ann", 3, edge="CLEARED", side="LOW", previous_value=2.5)]
    positions = topics.alerts(*sent)
    topics.quotes(quote("stock:AAPL", 5.0))
    mine.read_until(lambda: len(mine.events) == 2, WAIT_S, "two alerts")
    both.read_until(lambda: len(both.events) == 2, WAIT_S, "an alert and a quote")
    quotes.read_until(lambda: quotes.events, WAIT_S, "a quote")
    expected = [{**one, "event_time": f"2026-11-20T16:00:00.00{at}Z", "event_time_ms": NOW + at,
                 "position": {"topic": "alerts", "partition": place.partition, "offset": place.offset}}
                for one, at, place in zip(sent, (1, 2, 3), positions)]
    assert mine.named("alert") == [expected[0], expected[2]]
    assert both.named("alert") == [expected[1]] and len(both.named("quote")) == 1
    assert [event.name for event in quotes.events] == ["quote"]


def test_nobody_gets_alerts_and_another_ones_id_is_of_no_use(users, topics):
    server = users()
    refused = server.open("/v1/stream?alerts=true")
    assert refused.status == 401 and refused.headers["www-authenticate"] == "Bearer"
    refused.read_until(lambda: refused.body.endswith(b"}"), WAIT_S, "the problem")
    topics.alerts(*(alert("ann", number) for number in range(50)))
    ann = server.open("/v1/stream?alerts=true", headers=token("ann"))
    ann.read_until(lambda: ann.last_id, WAIT_S, "where it begins")
    topics.alerts(*(alert(user, number) for number in range(50, 60) for user in ("ann", "bob")))
    ann.read_until(lambda: len(ann.events) == 10, WAIT_S, "ann's alerts")
    bob = server.open("/v1/stream?alerts=true", ann.events[0].id, headers=token("bob"))
    topics.alerts(alert("bob", 99))
    bob.read_until(lambda: any(one["alert_id"] == "bob-99" for one in bob.named("alert")), WAIT_S, "bob's alert")
    assert {one["user_id"] for one in bob.named("alert")} == {"bob"}


BAD = [
    ("/v1/stream", 400), ("/v1/stream?instruments=", 400), ("/v1/stream?instruments=a,,b", 400),
    ("/v1/stream?instruments=a,", 400), ("/v1/stream?instruments=a,a", 400), ("/v1/stream?instruments=a%5C", 400),
    ("/v1/stream?instruments=" + "x" * 129, 400), ("/v1/stream?instruments=" + ",".join(map(str, range(101))), 400),
    ("/v1/stream?instruments=a&alerts=yes", 400), ("/v1/stream?instruments=a&every=soon", 400),
    ("/v1/stream?instruments=a&every=1ms", 400), ("/v1/stream?instruments=a&every=", 400),
    ("/v1/stream?alerts=false", 400), ("/v1/stream?instruments=a&colour=red", 400), ("/v1/stream?alerts=true", 401),
]


def test_what_is_wrong_is_said(serve):
    server = serve()
    for target, status in BAD:
        answer = server.soglia.get(target)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), target
        assert answer.json()["status"] == status and answer.json()["detail"]
    for bad_id in ("x", "AQ", "!!!!", "A" * 9000, "AQQBAwUEAAA=", "AgQBAwUEAAA"):
        answer = server.soglia.get("/v1/stream?instruments=a", headers={"Last-Event-ID": bad_id})
        assert answer.status_code == 400 and "Last-Event-ID" in answer.json()["detail"], bad_id
    assert server.soglia.get("/v1/stream?instruments=a", headers={"Accept": "text/html"}).status_code == 406
    many = server.open("/v1/stream?instruments=" + ",".join(map(str, range(100))))
    assert many.status == 200
    head = server.open("/v1/stream?instruments=a", method="HEAD")
    assert (head.status, head.headers["content-type"]) == (200, "text/event-stream")
    many.close()


class Feeder:
    """Produces quotes of some instruments all the time; one transaction in five is aborted."""

    def __init__(self, topics, instruments, seed):
        self.topics, self.instruments, self.rng = topics, instruments, random.Random(seed)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.failure = None

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        assert self.failure is None, self.failure

    def _run(self):
        try:
            producer = self.topics.kafka.producer(transactional_id=f"{self.topics.prefix}feeder")
            producer.init_transactions(10)
            number = 0
            while not self.stop.wait(self.rng.uniform(0, 0.02)):
                producer.begin_transaction()
                for _ in range(self.rng.randrange(1, 60)):
                    name = self.rng.choice(self.instruments)
                    number += 1
                    value = self.topics.avro.encode("quotes", quote(name, float(number), NOW + number))
                    producer.produce(f"{self.topics.prefix}quotes", key=name, value=value, timestamp=NOW + number)
                if self.rng.random() < 0.2:
                    producer.flush(10)
                    producer.abort_transaction(10)
                else:
                    producer.commit_transaction(10)
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure


def marks_of(topics, instruments):
    """One more quote of each, which says that everything before it was seen."""
    positions = topics.quotes(*(quote(name, -1.0, NOW) for name in instruments))
    return {name: tuple(position) for name, position in zip(instruments, positions)}


def saw_all(streams, marks):
    seen = quotes_of(streams)
    return all(seen.get(name, [None])[-1] == mark for name, mark in marks.items())


@pytest.mark.parametrize("buffer_bytes", ["16MiB", "1MiB"])
def test_connections_cut_at_random_lose_and_double_nothing(serve, topics, buffer_bytes):
    """Of 12 instruments the client follows 7; it reads some bytes, hangs up, pauses, and comes back."""
    server = serve(stream__buffer_bytes=buffer_bytes)
    names = [f"stock:S{number}" for number in range(12)]
    wanted = names[:7]
    target = "/v1/stream?instruments=" + ",".join(wanted)
    rng = random.Random(5)
    streams = [server.open(target)]
    streams[0].read_until(lambda: streams[0].last_id, WAIT_S, "where it begins")
    with Feeder(topics, names, 6):
        for turn in range(40):
            stream = streams[-1]
            enough = len(stream.events) + rng.randrange(0, 200)
            stream.read_until(lambda one=stream, many=enough: len(one.events) >= many, WAIT_S, "some quotes")
            stream.close()
            # Now and then long enough away to fall out of the smaller buffer.
            time.sleep(rng.choice([0, 0.01, 0.05, 0.5]) if turn % 10 else 2)
            streams.append(server.open(target, stream.last_id))
    marks = marks_of(topics, wanted)
    streams[-1].read_until(lambda: saw_all(streams, marks), WAIT_S, "the last quotes")
    assert quotes_of(streams) == topics.quote_places(wanted)
    assert sum(map(len, quotes_of(streams).values())) > 1000
    assert not any(stream.named("gap") for stream in streams)


def test_a_server_that_is_killed_loses_and_doubles_nothing(serve, topics):
    server = serve()
    names = [f"fx:F{number}" for number in range(5)]
    target = "/v1/stream?instruments=" + ",".join(names)
    streams = [server.open(target)]
    streams[0].read_until(lambda: streams[0].last_id, WAIT_S, "where it begins")
    with Feeder(topics, names, 7):
        for turn in range(4):
            stream = streams[-1]
            enough = len(stream.events) + 300
            stream.read_until(lambda one=stream, many=enough: len(one.events) >= many, WAIT_S, "some quotes")
            if turn % 2:
                server.process.end()
            else:
                server.process.kill9()
            while stream.read(0.2):
                pass
            assert stream.ended
            server = serve()
            streams.append(server.open(target, stream.last_id))
    marks = marks_of(topics, names)
    streams[-1].read_until(lambda: saw_all(streams, marks), WAIT_S, "the last quotes")
    assert quotes_of(streams) == topics.quote_places(names)


def test_what_the_buffer_has_lost_is_read_again(serve, topics):
    """30 MB of quotes while nobody is there, through a buffer of 1 MiB; a second stream keeps the hub awake."""
    server = serve(stream__buffer_bytes="1MiB")
    other = server.open("/v1/stream?instruments=other")
    stream = server.open("/v1/stream?instruments=stock:A,stock:B")
    stream.read_until(lambda: stream.last_id, WAIT_S, "where it begins")
    topics.quotes(quote("stock:A", 1.0))
    stream.read_until(lambda: stream.events, WAIT_S, "a quote")
    stream.close()
    topics.quotes(*(quote(f"stock:{'ABCDEFGH'[number % 8]}", float(number), NOW + number) for number in range(60_000)))
    back = server.open("/v1/stream?instruments=stock:A,stock:B", stream.last_id)
    marks = marks_of(topics, ["stock:A", "stock:B"])
    back.read_until(lambda: saw_all([stream, back], marks), 2 * WAIT_S, "the last quotes")
    assert quotes_of([stream, back]) == topics.quote_places(["stock:A", "stock:B"])
    assert not back.named("gap")
    other.close()


class Marks:
    """Tells when the server has read everything: a stream of its own sees a quote of every partition."""

    NAMES = [f"mark:{number}" for number in range(40)]

    def __init__(self, server, topics):
        self.topics = topics
        self.stream = server.open("/v1/stream?instruments=" + ",".join(self.NAMES))
        self.stream.read_until(lambda: self.stream.last_id, WAIT_S, "where it begins")

    def wait(self):
        places = {tuple(place) for place in self.topics.quotes(*(quote(name, 1.0) for name in self.NAMES))}
        assert len({partition for partition, _ in places}) == PARTITIONS
        # With a small buffer and little read again the marks themselves may be in a gap: then they were read too.
        self.stream.read_until(lambda: all(map(self._is_read, places)), WAIT_S, "the marks")

    def _is_read(self, place):
        gaps = (one for gap in self.stream.named("gap") for one in gap["missing"])
        return place in self.stream.places() or any(
            place[0] == gap["partition"] and place[1] < gap["to"] for gap in gaps)


def test_a_stream_begins_where_quotes_never_pause(serve, topics):
    """Each answer of Kafka brings quotes of every partition, so that none is ever said to be at its end."""
    with Feeder(topics, Marks.NAMES, 8):
        server = serve(kafka__fetch__min__bytes=50_000, kafka__fetch_wait="2s")
        stream = server.open("/v1/stream?instruments=" + ",".join(Marks.NAMES))
        stream.read_until(lambda: len(stream.events) > 1000, WAIT_S, "quotes")


def gap_covers(streams, gaps, there):
    """Every quote that was not seen is in a gap; every one was seen at most once and in order."""
    seen = quotes_of(streams)
    spans = [(one["partition"], one["from"], one["to"]) for gap in gaps for one in gap["missing"]]
    for name, places in there.items():
        assert seen.get(name, []) == sorted(set(seen.get(name, [])), key=places.index)
        for partition, offset in set(places) - set(seen.get(name, [])):
            assert any(partition == span[0] and span[1] <= offset < span[2] for span in spans), (name, partition, offset)


def test_too_much_is_a_gap(serve, topics):
    server = serve(stream__buffer_bytes="1MiB", stream__resume_records=1000)
    names = ["stock:A", "stock:B", "stock:C"]
    target = "/v1/stream?instruments=" + ",".join(names)
    marks = Marks(server, topics)
    stream = server.open(target)
    topics.quotes(*(quote(name, 1.0) for name in names))
    stream.read_until(lambda: len(stream.events) == 3, WAIT_S, "the first quotes")
    stream.close()
    topics.quotes(*(quote(names[number % 3], float(number), NOW + number) for number in range(30_000)))
    marks.wait()
    back = server.open(target, stream.last_id)
    back.read_until(lambda: back.events, WAIT_S, "the gap")  # It reaches up to what the server has read by then.
    last = marks_of(topics, names)
    back.read_until(lambda: saw_all([stream, back], last), WAIT_S, "the last quotes")
    gaps = back.named("gap")
    assert len(gaps) == 1 and back.events[0].name == "gap"
    assert {one["reason"] for one in gaps[0]["missing"]} == {"too many"}
    gap_covers([stream, back], gaps, topics.quote_places(names))
    assert server.metric("soglia_stream_gaps_total") >= 1
    # The gap's own id leads behind it.
    again = server.open(target, back.events[0].id)
    again.read_until(lambda: saw_all([again], last), WAIT_S, "the quotes behind the gap")
    assert quotes_of([again]) == quotes_of([back])


def test_what_retention_has_deleted_is_a_gap(serve, topics):
    server = serve()
    stream = server.open("/v1/stream?instruments=stock:A")
    [first, *_] = topics.quotes(*(quote("stock:A", float(number)) for number in range(100)))
    stream.read_until(lambda: len(stream.events) >= 10, WAIT_S, "some quotes")
    place = stream.events[9]
    stream.close()
    server.process.end()
    admin = topics.kafka.admin
    admin.delete_records([TopicPartition(f"{topics.prefix}quotes", first.partition, first.offset + 60)])[
        TopicPartition(f"{topics.prefix}quotes", first.partition)].result(WAIT_S)
    back = serve().open("/v1/stream?instruments=stock:A", place.id)
    back.read_until(lambda: len(back.events) == 41, WAIT_S, "the gap and what is left")
    assert back.named("gap") == [{"missing": [{"topic": "quotes", "partition": first.partition,
                                               "from": first.offset + 10, "to": first.offset + 60,
                                               "reason": "deleted"}]}]
    assert back.places() == [(first.partition, first.offset + number) for number in range(60, 100)]


def test_an_id_of_another_topic_of_this_name_is_a_gap(serve, topics, kafka, prefix, soglia):
    server = serve()
    stream = server.open("/v1/stream?instruments=stock:A")
    topics.quotes(*(quote("stock:A", float(number)) for number in range(100)))
    stream.read_until(lambda: len(stream.events) == 100, WAIT_S, "the quotes")
    stream.close()
    server.process.end()
    admin = kafka.admin
    admin.delete_topics([f"{prefix}quotes"])[f"{prefix}quotes"].result(WAIT_S)
    until(lambda: not kafka.has_topic(f"{prefix}quotes"), WAIT_S, "the end of the topic")
    until(lambda: soglia.run("topics", "apply", code=None).code == 0 and kafka.has_topic(f"{prefix}quotes"), WAIT_S,
          "the topic anew")
    server = serve()
    back = server.open("/v1/stream?instruments=stock:A", stream.last_id)
    back.read_until(lambda: back.named("gap"), WAIT_S, "the gap")
    assert back.named("gap")[0]["missing"][0]["reason"] == "recreated"
    topics.quotes(quote("stock:A", 7.0))
    back.read_until(lambda: [one["value"] for one in back.named("quote")] == [7.0], WAIT_S, "the new quote")


def test_a_quiet_stream_beats_and_its_place_stays_fresh(serve, topics):
    """The partition moves far beyond what is read again, without a quote for this stream: no gap when it comes back."""
    server = serve(stream__heartbeat="500ms", stream__resume_records=100, stream__buffer_bytes="1MiB")
    quiet = server.open("/v1/stream?instruments=quiet")
    quiet.read_until(lambda: quiet.last_id, WAIT_S, "where it begins")
    began = quiet.last_id
    marks = Marks(server, topics)
    loud = [f"loud:{number}" for number in range(50)]
    topics.quotes(*(quote(loud[number % 50], float(number)) for number in range(20_000)))
    marks.wait()
    while quiet.read(0):
        pass  # The heartbeats of meanwhile.
    beats = quiet.parser.comments
    quiet.read_until(lambda: quiet.parser.comments >= beats + 3, WAIT_S, "heartbeats")
    assert quiet.last_id != began and not quiet.events
    quiet.close()
    topics.quotes(quote("quiet", 1.0))
    back = server.open("/v1/stream?instruments=quiet", quiet.last_id)
    back.read_until(lambda: back.events, WAIT_S, "the quote")
    assert [event.name for event in back.events] == ["quote"]


def test_every_gives_the_latest_of_each_interval(serve, topics):
    server = serve()
    stream = server.open("/v1/stream?instruments=a,b&every=500ms")
    stream.read_until(lambda: stream.last_id, WAIT_S, "where it begins")
    for step in range(30):
        topics.quotes(*(quote(name, float(step * 100 + number), NOW + step * 100 + number)
                        for number in range(100) for name in ("a", "b")))
    # A late one does not hide the newest value.
    topics.quotes(quote("a", 9e9, NOW + 9000), quote("a", -1.0, NOW - 5))
    stream.read_until(lambda: {9e9, 2999.0} <= {one["value"] for one in stream.named("quote")}, WAIT_S,
                      "the newest values")
    assert len(stream.events) < 200, "thousands of quotes are few events"
    for name in ("a", "b"):
        times = [one["event_time_ms"] for one in stream.named("quote") if one["instrument"] == name]
        in_time = [at for at in times if at >= NOW]
        assert in_time == sorted(set(in_time))
    topics.quotes(quote("b", 5.0, NOW + 10_000))
    back = server.open("/v1/stream?instruments=a,b&every=500ms", stream.last_id)
    back.read_until(lambda: 5.0 in [one["value"] for one in back.named("quote")], WAIT_S, "what came meanwhile")
    # The late one may have been alone in its interval.
    assert [one["value"] for one in back.named("quote") if one["event_time_ms"] >= NOW] == [5.0]


def test_who_does_not_read_is_cut(serve, topics):
    server = serve(http__timeout="3s", stream__buffer_bytes="1MiB")
    deaf = server.open("/v1/stream?instruments=a", receive_bytes=4096)
    fine = server.open("/v1/stream?instruments=a")
    fine.read_until(lambda: fine.last_id, WAIT_S, "where it begins")
    text = "x" * 120
    stop = threading.Event()

    def produce():
        while not stop.wait(0.05):
            topics.quotes(*(quote("a", 1.0, source=text) for _ in range(300)))
    producing = threading.Thread(target=produce)
    producing.start()
    try:
        fine.read_until(lambda: server.metric("soglia_streams") == 1, WAIT_S, "the end of the deaf one")
    finally:
        stop.set()
        producing.join()
    marks = marks_of(topics, ["a"])
    fine.read_until(lambda: saw_all([fine], marks), WAIT_S, "everything")
    assert len(fine.places()) == len(topics.quote_places(["a"])["a"])
    while deaf.read(0.2):
        pass
    assert deaf.ended


def test_who_falls_behind_is_cut_and_can_come_back(serve, topics):
    server = serve(stream__buffer_bytes="4MiB", stream__pace="0ms")
    slow = server.open("/v1/stream?instruments=a", receive_bytes=4096)
    slow.read_until(lambda: slow.last_id, WAIT_S, "where it begins")
    text = "x" * 120
    for _ in range(40):
        topics.quotes(*(quote("a", 1.0, source=text) for _ in range(1500)))
    # It takes nothing for longer than the second that is borne.
    since = time.monotonic()
    until(lambda: server.metric("soglia_view_records_total") == 60_000 and time.monotonic() > since + 2, WAIT_S,
          "the quotes in the views")
    slow.read_until(lambda: slow.ended, WAIT_S, "its end")
    assert server.metric("soglia_streams_cut_total") == 1
    back = server.open("/v1/stream?instruments=a", slow.last_id)
    back.read_until(lambda: len(slow.events) + len(back.events) == 60_000, WAIT_S, "the rest")
    assert quotes_of([slow, back]) == topics.quote_places(["a"])


def test_who_hangs_up_makes_room(serve):
    server = serve(stream__max=3)
    streams = [server.open(f"/v1/stream?instruments=a{number}") for number in range(3)]
    full = server.open("/v1/stream?instruments=b")
    assert full.status == 503 and full.headers["retry-after"]
    streams[0].close()
    until(lambda: server.metric("soglia_streams") == 2, WAIT_S, "the end of the one that hung up")
    assert server.open("/v1/stream?instruments=b").status == 200


def test_a_user_has_so_many_streams(users):
    server = users(stream__per_user=2)
    ann = [server.open("/v1/stream?instruments=a", headers=token("ann")) for _ in range(2)]
    assert [one.status for one in ann] == [200, 200]
    assert server.open("/v1/stream?instruments=a", headers=token("ann")).status == 429
    assert server.open("/v1/stream?instruments=a", headers=token("bob")).status == 200
    assert [server.open("/v1/stream?instruments=a").status for _ in range(3)] == [200] * 3


def test_a_stream_ends_with_its_token(users):
    server = users()
    end = time.time() + 2
    stream = server.open("/v1/stream?alerts=true", headers=token(f"ann@{int(end * 1000)}"))
    assert stream.status == 200
    while not stream.ended:
        stream.read(0.1)
        assert time.time() < end + 3
    assert time.time() >= end


@pytest.mark.parametrize("open_streams", [200])
def test_a_server_that_stops_ends_its_streams(serve, open_streams):
    server = serve()
    streams = [server.open(f"/v1/stream?instruments=stock:S{number}") for number in range(open_streams)]
    assert {one.status for one in streams} == {200}
    began = time.monotonic()
    assert server.process.end() == 0
    assert time.monotonic() - began < 5
    for stream in streams:
        while stream.read(1):
            pass
        assert stream.ended


def test_a_stream_outlives_a_broker(own_kafka, processes):
    from support.soglia import Soglia
    soglia = Soglia(processes, own_kafka.brokers, "", "smtp://127.0.0.1:1")
    soglia.run("topics", "apply")
    topics = Topics(own_kafka, Avro(own_kafka, ""), "")
    process = soglia.start("serve")
    soglia.wait_ready(process)
    server = Server(int(soglia.listen.rpartition(":")[2]), process, soglia)
    stream = server.open("/v1/stream?instruments=a,b")
    topics.quotes(quote("a", 1.0), quote("b", 2.0))
    stream.read_until(lambda: len(stream.events) == 2, WAIT_S, "the first quotes")
    own_kafka.bounce()
    topics.quotes(*(quote(name, float(number)) for number in range(100) for name in ("a", "b")))
    stream.read_until(lambda: len(stream.events) == 202, 2 * WAIT_S, "the quotes after it")
    assert quotes_of([stream]) == topics.quote_places(["a", "b"])


def test_more_partitions_move_a_stream_without_a_hole(serve, topics, kafka, prefix):
    from confluent_kafka.admin import NewPartitions
    server = serve()
    names = [f"m:{number}" for number in range(20)]
    target = "/v1/stream?instruments=" + ",".join(names)
    streams = [server.open(target)]
    topics.quotes(*(quote(name, 1.0) for name in names))
    streams[0].read_until(lambda: len(streams[0].events) == 20, WAIT_S, "the first quotes")
    admin = kafka.admin
    admin.create_partitions([NewPartitions(f"{prefix}quotes", 6)])[f"{prefix}quotes"].result(WAIT_S)
    until(lambda: len(kafka.partitions(f"{prefix}quotes")) == 6, WAIT_S, "six partitions")
    fresh = Topics(Kafka(kafka.brokers), topics.avro, prefix)
    fresh.quotes(*(quote(name, 2.0) for name in names))
    while streams[-1].read(WAIT_S) and not streams[-1].ended:
        pass
    assert streams[-1].ended
    streams.append(server.open(target, streams[-1].last_id))
    streams[-1].read_until(lambda: sum(len(one.events) for one in streams) == 40, WAIT_S, "the quotes after it")
    # A key that moved is in two partitions, between which there is no order.
    seen, there = quotes_of(streams), topics.quote_places(names)
    assert {name: sorted(places) for name, places in seen.items()} == there
