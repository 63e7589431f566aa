"""The commands that stand in a pipe: real kcat on the other side, and an independent Avro library as the judge."""
import json
import re
import select
import subprocess
import time
import uuid

import pytest

from support.kafka import Record
from support.process import Processes
from support.soglia import PARTITIONS, Soglia
from support.wait import until

OK, FAILED, USAGE = 0, 1, 2
WAIT_S = 20
# A delay that a person would not notice as one.
AT_ONCE_S = 2

QUOTES = [
    {"instrument": "stock:AAPL", "value": 191.5, "event_time": 1795248000000, "source": "test", "unit": None,
     "details": {}},
    {"instrument": "fx:EUR/USD", "value": 1.0625, "event_time": 1795248000001, "source": "test", "unit": "€",
     "details": {"bid": "1.06"}},
    {"instrument": "airport:LIRF:arrivals", "value": -0.1, "event_time": 1795248000002, "source": "test",
     "unit": None, "details": {}},
]


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def kcat(brokers, *args, stdin=b""):
    return subprocess.run(["kcat", "-b", brokers, *args], input=stdin, capture_output=True, timeout=WAIT_S,
                          check=True).stdout


@pytest.fixture
def topics(soglia):
    """The installation's topics and schemas."""
    soglia.run("topics", "apply", timeout_s=60)
    return soglia


@pytest.fixture(scope="module")
def shared(kafka, tmp_path_factory):
    """An installation for the tests that leave nothing in its topics."""
    prefix = f"t{uuid.uuid4().hex[:10]}-"
    processes = Processes(tmp_path_factory.mktemp("shared"))
    soglia = Soglia(processes, kafka.brokers, prefix, "")
    soglia.run("topics", "apply", timeout_s=60)
    yield soglia
    processes.end()
    kafka.delete_topics(prefix)


def delimiters(soglia):
    """The options for kcat, as the help prints them."""
    text = soglia.run("help", "encode").text
    return ["-K", re.search(r"-K '([^']+)'", text)[1], "-D", re.search(r"-D '([^']+)'", text)[1]]


def java_partition(key, count):
    """Where Java's client puts a key: murmur2 of org.apache.kafka.common.utils.Utils."""
    mask, magic = 0xFFFFFFFF, 0x5BD1E995
    value = 0x9747B28C ^ len(key)
    whole = len(key) // 4 * 4
    for at in range(0, whole, 4):
        part = int.from_bytes(key[at:at + 4], "little") * magic & mask
        value = value * magic & mask ^ (part ^ part >> 24) * magic & mask
    if rest := key[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * magic & mask
    value = (value ^ value >> 13) * magic & mask
    return ((value ^ value >> 15) & 0x7FFFFFFF) % count


def assert_quotes_arrived(kafka, avro, topic, wanted):
    records = kafka.read(topic)
    found = sorted((avro.decode(record.value) for record in records), key=lambda quote: quote["event_time"])
    assert found == wanted
    for record in records:
        assert record.key.decode() == avro.decode(record.value)["instrument"]
        assert record.partition == java_partition(record.key, PARTITIONS)


def test_encode_feeds_kcat(topics, kafka, prefix, avro):
    messages = topics.run("encode", "quotes", stdin=lines(QUOTES)).stdout
    kcat(kafka.brokers, "-P", "-t", prefix + "quotes", "-X", "topic.partitioner=murmur2_random", *delimiters(topics),
         stdin=messages)
    assert_quotes_arrived(kafka, avro, prefix + "quotes", QUOTES)


def test_produce_needs_no_kcat(topics, kafka, prefix, avro):
    topics.run("produce", "quotes", stdin=lines(QUOTES))
    assert_quotes_arrived(kafka, avro, prefix + "quotes", QUOTES)


def test_produce_takes_json_topics_as_people_write_them(topics, kafka, prefix):
    topics.run("produce", "quotes.json", stdin=b'{"instrument":"stock:AAPL","value":185}\n')
    record, = kafka.read(prefix + "quotes.json")
    assert (record.key, record.value) == (b"stock:AAPL", b'{"instrument":"stock:AAPL","value":185}')


def test_decode_reads_kcat(topics, kafka, prefix):
    topics.run("produce", "quotes", stdin=lines(QUOTES))
    messages = kcat(kafka.brokers, "-C", "-t", prefix + "quotes", "-o", "beginning", "-e", "-q", "-f", "%R%s")
    found = [json.loads(line) for line in topics.run("decode", stdin=messages).text.splitlines()]
    assert sorted(found, key=lambda quote: quote["event_time"]) == QUOTES


def test_decode_reads_what_encode_wrote_with_lengths(shared):
    messages = shared.run("encode", "quotes", "--framing=length", stdin=lines(QUOTES)).stdout
    assert [json.loads(line) for line in shared.run("decode", stdin=messages).text.splitlines()] == QUOTES


@pytest.mark.parametrize("command", ["encode", "produce"])
def test_bad_lines_are_told_with_their_number_and_the_others_go_on(topics, kafka, prefix, avro, command):
    bad = [b"{broken\n", b'{"instrument":"stock:AAPL"}\n', b'{"instrument":"stock:AAPL","value":"x"}\n', b"\xff\n"]
    stdin = bad[0] + lines(QUOTES[:1]) + b"".join(bad[1:]) + b"\n" + lines(QUOTES[1:])
    result = topics.run(command, "quotes", stdin=stdin, code=FAILED)
    told = result.stderr.decode().splitlines()
    assert [line.split(":")[1].strip() for line in told if line.startswith("soglia: line ")] == [
        "line 1", "line 3", "line 4", "line 5"]
    assert told[-1] == "soglia: 4 lines refused, 3 taken"
    if command == "produce":
        assert_quotes_arrived(kafka, avro, prefix + "quotes", QUOTES)


def test_encode_refuses_what_would_break_the_framing(shared):
    delimiter = delimiters(shared)[-1]
    quote = {**QUOTES[0], "source": f"x{delimiter}y"}
    result = shared.run("encode", "quotes", stdin=lines([quote]), code=FAILED)
    assert result.stdout == b""
    assert "the value contains the delimiter" in result.stderr.decode()
    shared.run("encode", "quotes", "--delimiter=<another>", stdin=lines([quote]))


def test_decode_tells_bad_records_with_their_number_and_goes_on(shared):
    good = shared.run("encode", "quotes", "--framing=length", stdin=lines(QUOTES[:1])).stdout
    framed = [b"\0\0\0\5hello", b"\xff\xff\xff\xff", good, b"\0\0\0\0", b"\0\0\0\6\0\0\0\x7f\xff\0", good[:3] +
              bytes([good[3] - 1]) + good[4:-1]]
    result = shared.run("decode", stdin=b"".join(framed), code=FAILED)
    assert [json.loads(line) for line in result.text.splitlines()] == [None, QUOTES[0]]
    told = result.stderr.decode().splitlines()
    assert [line.split(":")[1].strip() for line in told[:-1]] == ["record 1", "record 4", "record 5", "record 6"]
    assert told[-1] == "soglia: 4 of 6 records could not be read"


def test_decode_says_when_its_input_is_not_what_kcat_writes(shared):
    assert "larger than the limit" in shared.run("decode", stdin=b'{"json":1}', code=FAILED).stderr.decode()
    assert "in the middle of a record" in shared.run("decode", stdin=b"\0\0\0\x09abc", code=FAILED).stderr.decode()


def test_decode_shows_a_record_while_the_pipe_is_open(shared):
    """A live `kcat -C | soglia decode` must not hold records back until its buffer is full."""
    message = shared.run("encode", "quotes", "--framing=length", stdin=lines(QUOTES[:1])).stdout
    decode = subprocess.Popen([shared.program, "decode"], env=shared.env, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    try:
        for delay_s in (WAIT_S, AT_ONCE_S):
            decode.stdin.write(message)
            decode.stdin.flush()
            assert select.select([decode.stdout], [], [], delay_s)[0], "no line while the pipe is open"
            assert json.loads(decode.stdout.readline()) == QUOTES[0]
        decode.stdin.close()
        assert decode.wait(WAIT_S) == OK
    finally:
        decode.kill()
        decode.wait()


def test_tail_merges_topics_by_time_and_filters(soglia, kafka, prefix):
    soglia.settings["topics.json_partitions"] = 2
    soglia.run("topics", "apply", timeout_s=60)
    now = int(time.time() * 1000)
    values = [("quotes.json", 0, 3), ("users.json", 1, 1), ("quotes.json", 1, 2), ("users.json", 0, 4),
              ("quotes.json", 0, 5)]
    for topic, partition, at in values:
        kafka.produce(prefix + topic, [Record(f"key {partition}", f"at {at}", timestamp=now - 10000 + at,
                                              partition=partition)])

    def shown(*args):
        text = soglia.run("tail", "quotes.json", "users.json", "--json", *args).text
        return [json.loads(line)["value"] for line in text.splitlines()]

    assert shown() == ["at 1", "at 2", "at 3", "at 4", "at 5"]
    assert shown("--key=key 0") == ["at 3", "at 4", "at 5"]
    assert shown("--from=end") == []
    assert shown("--from=5s") == []
    assert shown("--from=1h") == ["at 1", "at 2", "at 3", "at 4", "at 5"]
    assert shown("--from=-1") == ["at 1", "at 2", "at 4", "at 5"]
    assert shown("--from=1") == ["at 5"]


def test_tail_shows_records_for_people(topics, kafka, prefix):
    topics.run("produce", "quotes", stdin=lines(QUOTES[:1]))
    kafka.produce(prefix + "dead-letters", [Record("k\x1b[31m", b"\xff\x00", headers=[("soglia-reason", b"not good")])])
    quote, dead = topics.run("tail", "quotes", "dead-letters").text.splitlines()
    assert re.fullmatch(r"\S+Z quotes/\d@0 stock:AAPL \{.*\}", quote)
    assert json.loads(quote.split(" ", 3)[3]) == QUOTES[0]
    assert dead.split(" ", 2)[2] == '"k\\u001B[31m" soglia-reason="not good" 0xff00'


def test_tail_follows(topics, processes):
    tail = topics.start("tail", "quotes", "--follow", "--json")
    for quote in QUOTES:
        topics.run("produce", "quotes", stdin=lines([quote]))
        until(lambda wanted=quote: wanted in [json.loads(line)["value"] for line in
                                              tail.stdout_path.read_text().splitlines()], WAIT_S, "the quote")
    assert tail.running


def test_tail_hides_what_is_not_committed(topics, kafka, prefix):
    producer = kafka.producer(transactional_id=f"{prefix}writer")
    producer.init_transactions(WAIT_S)
    producer.begin_transaction()
    producer.produce(prefix + "quotes.json", key="a", value="not yet")
    producer.flush(WAIT_S)
    assert topics.run("tail", "quotes.json").text == ""
    producer.commit_transaction(WAIT_S)
    assert topics.run("tail", "quotes.json").text.endswith(" a not yet\n")


def test_unknown_topics_lead_to_the_nearest(soglia):
    for command in ("encode", "produce", "tail"):
        result = soglia.run(command, "quots", code=USAGE)
        assert result.stderr.decode().startswith("soglia: no topic quots; did you mean quotes?\n")


def test_check_names_what_is_wrong_in_one_line_each(soglia, kafka):
    def status(code):
        text = soglia.run("check", code=code, timeout_s=60).text
        return {line[8:23].strip(): line.split()[0] for line in text.splitlines()}

    every = {"configuration", "broker", "topics", "co-partitioning", "registry", "mail server"}
    before = status(FAILED)
    assert set(before) == every
    assert {name for name in every if before[name] == "failed"} == {"topics", "co-partitioning", "registry"}
    soglia.run("topics", "apply", timeout_s=60)
    assert set(status(OK).values()) == {"ok"}
    soglia.settings["smtp.url"] = "smtp://127.0.0.1:1"
    assert {name for name, found in status(FAILED).items() if found == "failed"} == {"mail server"}
    soglia.settings["kafka.brokers"] = "127.0.0.1:1"
    assert {name for name, found in status(FAILED).items() if found == "ok"} == {"configuration"}


def test_commands_without_a_broker_say_where_they_looked(soglia):
    soglia.settings["kafka.brokers"] = "127.0.0.1:1"
    told = soglia.run("tail", "quotes", code=FAILED).stderr.decode()
    assert told.endswith("Kafka is looked for at 127.0.0.1:1; `soglia check` says what is in place.\n")
