"""soglia fetch csv on a real Kafka: what is in the topic is what an independent reader finds in the file."""
import json
import random
import signal
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.avro import Avro
from support.markers import torn
from support.process import Processes
from support.soglia import Soglia
from support.wait import until

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

import recorded  # noqa: E402  pylint: disable=wrong-import-position

STEP_S = 60
KILLS = 5
TORN_TRIES = 5
TIMES = ("--time-column=t", "--time-format=s")


@contextmanager
def installed(kafka, folder):
    """The prefix of an installation with topics."""
    prefix = f"t{uuid.uuid4().hex[:10]}-"
    processes = Processes(folder)
    try:
        Soglia(processes, kafka.brokers, prefix, "smtp://127.0.0.1:1").run("topics", "apply")
        yield prefix
    finally:
        processes.end()
        kafka.delete_topics(prefix)


@pytest.fixture(scope="module")
def installation(kafka, tmp_path_factory):
    """One installation for all tests but the largest; each test has instruments of its own."""
    with installed(kafka, tmp_path_factory.mktemp("installation")) as prefix:
        yield prefix


@pytest.fixture
def prefix(installation):
    return installation


@pytest.fixture
def name():
    """An instrument that nobody else writes."""
    return f"metric:{uuid.uuid4().hex}"


@pytest.fixture
def one(name):
    """The words for a file with the columns t and v."""
    return (*TIMES, f"--instrument={name}", "--value-column=v")


@pytest.fixture
def fetch(soglia):
    """Runs `soglia fetch csv` with these words; returns its Result."""
    def call(*words, **options):
        return soglia.run("fetch", "csv", *words, timeout_s=STEP_S, **options)
    return call


def read_quotes(kafka, prefix, avro, wanted):
    """The quotes of the instruments whose names begin so, by partition and offset."""
    found = []
    for record in kafka.read(f"{prefix}quotes"):
        if record.key.decode().startswith(wanted):
            quote = avro.decode(record.value)
            assert record.key.decode() == quote["instrument"]
            found.append(recorded.Quote(*(quote[field] for field in recorded.Quote._fields)))
    return found


@pytest.fixture
def quotes(kafka, prefix, avro, name):
    """Reads the test's quotes back."""
    return lambda: read_quotes(kafka, prefix, avro, name)


@pytest.fixture
def alone(kafka, soglia, tmp_path):
    """An installation of the test's own, for many quotes; reads all of them back."""
    folder = tmp_path / "installation"
    folder.mkdir()
    with installed(kafka, folder) as prefix:
        soglia.settings["topics.prefix"] = prefix
        yield lambda: read_quotes(kafka, prefix, Avro(kafka, prefix), "")


@pytest.fixture
def wait_for_quotes(kafka, prefix, name):
    """Waits until some of the test's quotes are there."""
    def enough(records):
        return sum(record.key == name.encode() for record in records) > 20
    return lambda: kafka.read_until(f"{prefix}quotes", enough, STEP_S, "some quotes")


def write(folder, text, name="given.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def lines(result):
    """The log lines of a run, by message."""
    return {line["message"]: line for line in map(json.loads, result.stderr.decode().splitlines())
            if "message" in line}


def summary(result):
    """The last line, which sums a run up."""
    return json.loads([line for line in result.stderr.decode().splitlines() if '"seconds"' in line][-1])


# What is sent.


def test_the_recorded_files_arrive_as_they_are(fetch, alone):
    """Every instrument of every file, each in the order of the file, and nothing else."""
    expected = []
    for file in recorded.FILES:
        series = recorded.read(file)
        done = summary(fetch(*recorded.command_line(file)[2:]))
        assert (done["message"], done["quotes"], done["bad"]) == ("done", len(series), 0)
        expected += series
    assert recorded.by_instrument(alone()) == recorded.by_instrument(expected)


def test_keys_lie_where_java_puts_them(fetch, kafka, prefix, name, tmp_path):
    columns = [f"k{n}" for n in range(40)]
    given = write(tmp_path, f"t,{','.join(columns)}\n1,{','.join('1' for _ in columns)}\n")
    fetch(given, *TIMES, "--value-columns=rest", f"--instrument-prefix={name}")
    keys = [f"{name}{column}".encode() for column in columns]
    found = {record.key: record.partition for record in kafka.read(f"{prefix}quotes") if record.key in keys}
    kafka.create_topic(f"{prefix}peer", len(kafka.partitions(f"{prefix}quotes")))
    placed = kafka.produce(f"{prefix}peer", [(key, b"") for key in keys])
    assert found == {key: position.partition for key, position in zip(keys, placed)}


def test_unit_source_and_the_time_of_the_record(fetch, kafka, prefix, avro, name, one, tmp_path):
    before = int(time.time() * 1000) - 1
    fetch(write(tmp_path, "t,v\n1,2\n"), *one, "--unit=USD", "--source=me")
    record, = [record for record in kafka.read(f"{prefix}quotes") if record.key.decode() == name]
    assert avro.decode(record.value) == {"instrument": name, "value": 2.0, "event_time": 1000, "source": "me",
                                         "unit": "USD", "details": {}}
    assert before <= record.timestamp <= time.time() * 1000 + 1


@pytest.mark.parametrize("text", [
    b"t,v\n1,10\n2,20\n", b"t,v\r\n1,10\r\n2,20\r\n", b"t,v\n1,10\n2,20", b"\xef\xbb\xbft,v\n1,10\n2,20\n",
    b'"t","v"\n"1","10"\n\n"2", 20 \n', b't,"a ""b"",\nc",v\n1,x,10\n2,"x,\n""y""",20\n'.replace(b'"a ""b"",\nc"', b"w"),
])
def test_forms_of_csv(text, fetch, quotes, one, tmp_path):
    fetch(write(tmp_path, text), *one)
    assert [(quote.value, quote.event_time) for quote in quotes()] == [(10.0, 1000), (20.0, 2000)]


def test_standard_input_begins_anew_each_time(fetch, quotes, one):
    for _ in range(2):
        assert summary(fetch("-", *one, stdin=b"t,v\n1,10\n2,20\n"))["quotes"] == 2
    assert [quote.value for quote in quotes()] == [10, 20, 10, 20]


def test_standard_input_with_an_id_goes_on(fetch, quotes, name, one):
    fetch("-", *one, f"--id={name[7:]}", stdin=b"t,v\n1,10\n2,20\n")
    fetch("-", *one, f"--id={name[7:]}", stdin=b"t,v\n1,10\n2,20\n3,30\n")
    assert [quote.value for quote in quotes()] == [10, 20, 30]


def test_from_leaves_out_what_is_before(fetch, quotes, one, tmp_path):
    done = summary(fetch(write(tmp_path, "t,v\n1,10\n86400,20\n2,15\n86401,30\n"), *one, "--from=1970-01-02"))
    assert [quote.value for quote in quotes()] == [20, 30]
    assert (done["rows"], done["skipped"]) == (4, 2)
    assert (done["from"], done["to"]) == ("1970-01-02T00:00:00.000Z", "1970-01-02T00:00:01.000Z")


def test_speed_is_event_time_by_real_time(fetch, quotes, one, tmp_path):
    # 3000 s in 1.5 s; the row that is late by then does not wait, and neither does the one behind it.
    given = write(tmp_path, "t,v\n1000,1\n4000,2\n2000,3\n4000,4\n")
    took = summary(fetch(given, *one, "--speed=2000"))["seconds"]
    assert 1.5 <= took < 3
    assert [quote.value for quote in quotes()] == [1, 2, 3, 4]


# Where it goes on.


def test_what_was_sent_is_not_sent_again(fetch, quotes, one, tmp_path):
    given = write(tmp_path, "t,v\n1,10\n2,20\n")
    fetch(given, *one)
    again = fetch(given, *one)
    assert summary(again)["message"].startswith("nothing left")
    given.write_text("t,v\n1,10\n2,20\n3,30\n", encoding="ascii")
    more = fetch(given, *one)
    assert any(message.startswith("going on") and line["rows_done"] == 2 for message, line in lines(more).items())
    assert [quote.value for quote in quotes()] == [10, 20, 30]


def test_other_options_are_another_run_and_restart_begins_anew(fetch, quotes, one, tmp_path):
    given = write(tmp_path, "t,v\n1,10\n")
    fetch(given, *one)
    fetch(given, *one, "--source=other")
    fetch(given, *one, "--restart")
    assert [quote.source for quote in quotes()] == ["csv", "other", "csv"]


def test_a_file_that_became_shorter_is_refused(fetch, one, tmp_path):
    given = write(tmp_path, "t,v\n1,10\n2,20\n")
    fetch(given, *one)
    given.write_text("t,v\n1,10\n", encoding="ascii")
    said = fetch(given, *one, code=1).stderr.decode()
    assert "has 1 rows, but 2 were taken before" in said and "--restart" in said


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_limits_add_up_to_the_whole(limit, fetch, quotes, one, tmp_path):
    """With --sum a group is never split, wherever the limit falls."""
    given = write(tmp_path, "t,v\n" + "".join(f"{n // 3},{n}\n" for n in range(12)))
    for _ in range(14):
        if summary(fetch(given, *one, "--sum", f"--limit={limit}"))["message"].startswith(("done", "nothing")):
            break
    assert [quote.value for quote in quotes()] == [3, 12, 21, 30]


@pytest.mark.parametrize("sum_", [(), ("--sum",)])
@pytest.mark.parametrize("reverse", [(), ("--reverse",)])
def test_five_kills_leave_every_quote_once(sum_, reverse, fetch, soglia, alone, name, tmp_path):
    rows = [(n // 3, n % 1000, -n) for n in range(30000)]
    written = rows[::-1] if reverse else rows
    given = write(tmp_path, "t,a,b\n" + "".join(f"{t},{a},{b}\n" for t, a, b in written))
    values = (f"--instrument={name}", "--value-column=a+b") if sum_ else (
        "--value-columns=rest", f"--instrument-prefix={name}")
    words = [given, *TIMES, *values, *sum_, *reverse]
    chance = random.Random(f"{sum_}{reverse}")
    for kill in range(KILLS):
        process = soglia.start("fetch", "csv", *words, "--speed=2000")
        moment = time.monotonic() + chance.uniform(0, 0.4) + kill * 0.25
        until(lambda at=moment: time.monotonic() > at, STEP_S, "the moment of the kill")
        assert process.kill9() == -signal.SIGKILL, process.tail()
    last = fetch(*words)
    assert summary(last)["message"] == "done"
    assert recorded.by_instrument(alone()) == recorded.by_instrument(expected_of(rows, name, bool(sum_)))
    assert any(message.startswith("going on") for message in lines(last)), "no kill left anything behind"


def expected_of(rows, name, is_sum):
    if not is_sum:
        return [recorded.Quote(f"{name}{column}", float(value), t * 1000, "csv")
                for t, a, b in rows for column, value in (("a", a), ("b", b))]
    return recorded.summed([recorded.Quote(name, float(a + b), t * 1000, "csv") for t, a, b in rows])


def test_a_broker_that_dies_loses_and_doubles_nothing(own_kafka, soglia, name, tmp_path):
    """Unless it died between two markers of a commit (docs/guarantees.md): then it is tried once more."""
    rows = [(n // 3, n, -n) for n in range(30000)]
    given = write(tmp_path, "t,a,b\n" + "".join(f"{t},{a},{b}\n" for t, a, b in rows))
    words = (given, *TIMES, "--value-columns=rest", f"--instrument-prefix={name}", "--speed=2000")
    # Kafka's start may take longer than a transaction usually lives.
    soglia.settings |= {"kafka.brokers": own_kafka.brokers, "kafka.transaction_timeout": "60s"}
    for at in range(TORN_TRIES):
        found, spoiled = fetched_over_a_kill(own_kafka, soglia, tmp_path / f"installation-{at}", words)
        if not spoiled:
            break
        print("Kafka tore a commit, it is tried once more:", *spoiled, sep="\n  ")
    else:
        raise AssertionError(f"Kafka tore a commit in each of {TORN_TRIES} tries")
    assert recorded.by_instrument(found) == recorded.by_instrument(expected_of(rows, name, False))


def fetched_over_a_kill(server, soglia, folder, words):
    """What a fetch leaves in an installation of its own whose Kafka is killed and started meanwhile: quotes, and torn commits."""
    folder.mkdir()
    with installed(server, folder) as prefix:
        soglia.settings["topics.prefix"] = prefix
        process = soglia.start("fetch", "csv", *words)
        server.read_until(f"{prefix}quotes", 1000, STEP_S)
        server.kill9()
        server.start()
        assert process.wait(STEP_S) == 0, process.tail()
        return read_quotes(server, prefix, Avro(server, prefix), ""), torn(server.folder / "node-1")


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_commits_and_stops(sig, soglia, fetch, quotes, wait_for_quotes, one, tmp_path):
    given = write(tmp_path, "t,v\n" + "".join(f"{n},{n}\n" for n in range(1000)))
    process = soglia.start("fetch", "csv", given, *one, "--speed=10")
    wait_for_quotes()
    start = time.monotonic()
    process.send(sig)
    result = process.result(STEP_S)
    assert time.monotonic() - start < 10, "the rows take 100 s"
    assert result.code == 0 and "the same command goes on from here" in summary(result)["message"]
    # What it says it sent is there, and nothing more.
    assert len(quotes()) == summary(result)["quotes"] < 1000
    fetch(given, *one)
    assert [quote.value for quote in quotes()] == list(range(1000))


def test_a_second_run_of_the_same_fences_the_first(soglia, fetch, quotes, wait_for_quotes, one, tmp_path):
    given = write(tmp_path, "t,v\n" + "".join(f"{n},{n}\n" for n in range(2000)))
    first = soglia.start("fetch", "csv", given, *one, "--speed=10")
    wait_for_quotes()
    fetch(given, *one)
    assert first.wait() == 1
    assert "fenced" in first.tail().lower()
    assert [quote.value for quote in quotes()] == list(range(2000))


# What cannot be read.


BAD = [
    ("t,v\n1,10\n2,x\n3,30\n", 'given.csv:3: column v: "x" is no number'),
    ("t,v\n1,10\n2,nan\n3,30\n", 'given.csv:3: column v: "nan" is no number'),
    ("t,v\n1,10\n2,\n3,30\n", 'given.csv:3: column v: "" is no number'),
    ("t,v\n1,10\nyesterday,20\n3,30\n", 'given.csv:3: column t: "yesterday" is no time'),
    ("t,v\n1,10\n-2,20\n3,30\n", 'given.csv:3: column t: "-2" is no time'),
    ("t,v\n1,10\n2,20,21\n3,30\n", "given.csv:3: 3 fields, but the header has 2"),
    ("t,v\n1,10\n2\n3,30\n", "given.csv:3: 1 fields, but the header has 2"),
    ('t,v\n1,10\n2,"20"x\n3,30\n', "given.csv:3: field 2: text behind the closing quote"),
    ('t,v\n1,10\n2,"20\n3,30\n', "given.csv:3: field 2: the quote is never closed"),
    ("t,v\n1,10\n2," + "9" * (1 << 21) + "\n3,30\n", "given.csv:3: a record of more than 1048576 bytes"),
]


@pytest.mark.parametrize("reverse", [(), ("--reverse",)])
def test_bad_rows_are_named_and_passed_over_on_demand(reverse, fetch, quotes, name, tmp_path):
    def words(n):
        return (tmp_path / f"{n}" / "given.csv", *TIMES, f"--instrument={name}-{n}", "--value-column=v", *reverse)

    def sent(n, found):
        return [quote.value for quote in found if quote.instrument == f"{name}-{n}"]
    for n, (text, reason) in enumerate(BAD):
        (tmp_path / f"{n}").mkdir()
        write(tmp_path / f"{n}", text)
        assert reason in fetch(*words(n), code=1).stderr.decode()
    before = quotes()
    for n in range(len(BAD)):
        passed = summary(fetch(*words(n), "--skip-bad"))
        assert (passed["bad"], passed["quotes"]) == (1, 1)
    after = quotes()
    for n, (text, _) in enumerate(BAD):
        assert (sent(n, before), sent(n, after)) == (([30], [30, 10]) if reverse else ([10], [10, 30])), text[:80]


@pytest.mark.parametrize("words, reason", [
    (("--time-column=nope", "--instrument=a", "--value-column=v"), 'given.csv:1: --time-column: the header has no column'),
    (("--time-column=t", "--instrument=a", "--value-column=v+w"), '--value-column: the header has no column "w"'),
    (("--time-column=t", "--instrument=a"), "either --instrument with --value-column, or"),
    (("--instrument=a", "--value-column=v"), "--time-column: which column"),
    (("--time-column=t", "--instrument=a", "--value-column=v", "--time-format=%Q"), "no %Q"),
    (("--time-column=t", "--instrument=a", "--value-column=v", "--speed=0"), "--speed=0"),
    (("--time-column=t", "--instrument=a", "--value-column=v", "--id=a b"), "--id=a b"),
    (("--time-column=t", "--instrument=a\nb", "--value-column=v"), "--instrument"),
])
def test_options_that_make_no_sense(words, reason, fetch, tmp_path):
    assert reason in fetch(write(tmp_path, "t,v\n1,2\n"), *words, code=1).stderr.decode()


def test_files_that_are_none(fetch, one, tmp_path):
    assert "No such file" in fetch(tmp_path / "none.csv", *one, code=1).stderr.decode()
    assert "Is a directory" in fetch(tmp_path, *one, code=1).stderr.decode()
    assert "empty" in fetch(write(tmp_path, ""), *one, code=1).stderr.decode()


def test_without_topics_it_says_what_to_do(soglia, one, tmp_path):
    soglia.settings["topics.prefix"] = "absent-"
    result = soglia.run("fetch", "csv", write(tmp_path, "t,v\n1,2\n"), *one, code=1)
    assert "soglia topics apply" in result.stderr.decode()


def test_help(soglia):
    assert soglia.run("fetch").text.splitlines()[0].split()[0] == "csv"
    text = soglia.run("fetch", "csv", "--help").text
    options = {name for file in recorded.FILES.values() for name in file}
    assert text.startswith("usage: soglia fetch csv FILE") and "soglia fetch csv rates.csv" in text
    assert all(f"--{name}" in text for name in options | {"speed", "limit", "from", "restart", "skip-bad", "id", "unit"})
    assert "no source bank" in soglia.run("fetch", "bank", code=2).stderr.decode()
    assert "needs csv FILE" in soglia.run("fetch", "csv", code=2).stderr.decode()
