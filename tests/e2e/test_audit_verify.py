"""What was done is proven from the topics, and whatever was changed since is named."""
import json
import random
import shutil
import struct

import pytest

from support.avro import Avro
from support.kafka import KafkaServer
from support.line import Line, quote, subscription, user
from support.process import Processes
from support.segments import tamper
from support.smtp import SmtpServer
from support.soglia import Soglia
from support.wait import until

WAIT_S = 60
START = 1_760_000_000_000
NAMES = [f"stock:{at}" for at in range(8)]
PEOPLE = ("ada", "bob", "eve")
PLAIN = "--kafka.compression.codec=none"


def fill(line, smtp, quotes=200):
    """A day of an installation: people, changes of mind, quotes by every way in, some of them refused."""
    pick = random.Random(7)
    line.give("users", [user(name) for name in PEOPLE])
    line.give("subscriptions", [subscription(name, stock, low=95, high=105, version=1, notify_cleared=True)
                                for name in PEOPLE for stock in NAMES])
    line.wait_taken("notifications", "users", WAIT_S)
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    for at in range(quotes):
        value = quote(pick.choice(NAMES), float(pick.randint(90, 110)), START + at * 1000)
        if at % 4 == 0:
            text = json.dumps({"instrument": value["instrument"], "value": value["value"], "event_time": value["event_time"]})
            line.kafka.produce(f"{line.prefix}quotes.json", [(None, text)])
        else:
            line.give("quotes", [value])
        if at % 50 == 20:
            line.give("subscriptions", [subscription("ada", pick.choice(NAMES), high=100 + at / 100, version=1 + at)])
            line.kafka.produce(f"{line.prefix}quotes.json", [(None, "{broken")])
            line.give("quotes", [quote("stock:0", float("nan"), START)])
    line.wait_taken("ingest", "quotes.json", WAIT_S)
    line.wait_taken("alerts", "quotes", WAIT_S)
    line.wait_taken("notifications", "alerts", WAIT_S)
    wanted = sum(one.value["notify"] for one in line.read("alerts"))
    smtp.wait_for(wanted, WAIT_S)
    line.wait_for("deliveries", wanted, WAIT_S)


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    return Line(soglia, kafka, avro, prefix).apply()


def verify(line, *words, code=0):
    return json.loads(line.soglia.run("audit", "verify", "--json", *words, code=code, timeout_s=120).text)


def test_an_untouched_system_is_equal(line, smtp, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    running = line.soglia.start("run", "all")
    fill(line, smtp)
    assert running.end() == 0
    alerts = line.read("alerts")
    result = verify(line)
    journal = line.read("soglia-journal")
    assert result["equal"] and result["difference"] is None and result["notes"] == []
    assert result["transactions"] == len(journal)
    assert result["alerts"] == len(alerts) > 50
    assert result["attempts"] == len(line.read("deliveries")) > 50
    inputs = ("users", "subscriptions", "quotes", "alerts", "users.json", "subscriptions.json", "quotes.json")
    assert result["records"] == sum(len(line.kafka.read(line.prefix + topic)) for topic in inputs)
    assert list(scratch.iterdir()) == []
