"""An instance for which there is no partition is not idle for ever: it takes over when the other one has gone."""
import json

from support.kafka import Record
from support.wait import until

SHORT = ("--kafka.session_timeout=2s",)
WAIT_S = 60


def give(line, number):
    line.kafka.produce(line.prefix + "quotes.json",
                       [Record("stock:A", json.dumps({"instrument": "stock:A", "value": number, "event_time": number}))])


def test_an_instance_without_partitions_takes_over(line, soglia):
    """The .json topics have one partition: of two instances of ingest one gets nothing."""
    running = [soglia.start("run", "ingest", *SHORT, f"--run.instance={at}") for at in range(2)]
    for process in running:
        until(lambda path=process.stderr_path: '"ready"' in path.read_text(), WAIT_S, "an instance to be ready")
    give(line, 1)
    line.wait_taken("ingest", "quotes.json", WAIT_S)
    for number in (2, 3):
        running.pop(0).kill9()
        running.append(soglia.start("run", "ingest", *SHORT, f"--run.instance={number}"))
        give(line, number)
        line.wait_taken("ingest", "quotes.json", WAIT_S)
    assert [process.end() for process in running] == [0, 0]
    assert [one.value["value"] for one in line.read("quotes")] == [1, 2, 3]
