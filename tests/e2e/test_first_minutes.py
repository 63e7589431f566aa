"""What a newcomer types: the lines of the README, word for word but for the broker and the topics' prefix."""
import json
import subprocess

import pytest

from support.wait import until

WAIT_S = 20

USERS = """echo '{"user_id":"ada","email":"ada@example.org"}' | kcat -P -b $brokers -t ${prefix}users.json"""
SUBSCRIPTIONS = """echo '{"user_id":"ada","instrument":"stock:AAPL","low":180,"high":190}' \
    | kcat -P -b $brokers -t ${prefix}subscriptions.json"""
QUOTES = r"""printf '%s\n' '{"instrument":"stock:AAPL","value":185}' '{"instrument":"stock:AAPL","value":191.5}' \
    | kcat -P -b $brokers -t ${prefix}quotes.json"""
ALERTS = """kcat -C -b $brokers -t ${prefix}alerts -o beginning -e -f '%R%s' | soglia decode"""
LAST = """curl -s $http/v1/instruments/stock:AAPL"""
MEAN = """curl -s "$http/v1/instruments/stock:AAPL/mean?last=2" """


@pytest.fixture
def shell(soglia, kafka, prefix, processes):
    """Runs a line in a shell that finds soglia, and returns what it printed."""
    names = {"brokers": kafka.brokers, "prefix": prefix, "http": f"http://{soglia.listen}"}
    env = {**soglia.env, **names}

    def run(line, stdin=b""):
        line = f"set -euo pipefail; soglia() {{ '{soglia.program}' \"$@\"; }}; {line}"
        result = processes.run("shell", ["bash", "-c", line], env, stdin)
        assert result.code == 0, f"{line}\n{result.stderr.decode()}"
        return result.stdout.decode()
    return run


@pytest.fixture
def running(soglia):
    soglia.run("topics", "apply")
    process = soglia.start("run", "all")
    soglia.wait_ready(process)
    return process


def test_the_lines_of_the_readme(running, soglia, shell, smtp):
    for line in (USERS, SUBSCRIPTIONS, QUOTES):
        shell(line)
    mail, = smtp.wait_for(1, WAIT_S)

    alert, = map(json.loads, shell(ALERTS).splitlines())
    assert (alert["side"], alert["edge"], alert["initial"]) == ("HIGH", "ENTERED", False)
    assert (alert["threshold"], alert["value"], alert["previous_value"]) == (190, 191.5, 185)
    assert (alert["user_id"], alert["instrument"]) == ("ada", "stock:AAPL")

    until(lambda: soglia.get("/v1/instruments/stock:AAPL").json().get("count") == 2, WAIT_S, "both quotes in the views")
    last = json.loads(shell(LAST))
    assert (last["value"], last["source"], last["position"]["topic"]) == (191.5, "kcat", "quotes")
    assert last["event_time_ms"] == alert["event_time"]
    assert last["position"] == alert["cause"]
    assert json.loads(shell(MEAN))["mean"] == 188.25

    assert mail.recipients == ["ada@example.org"]
    assert all(word in mail.message["Subject"] for word in ("AAPL", "191.5", "190"))
    assert "stock:AAPL" in mail.message.get_body(("plain",)).get_content()
    assert running.end() == 0
    assert len(smtp.mails) == 1


def test_the_same_without_a_value_beyond_tells_nobody(running, soglia, shell, smtp, kafka, prefix):
    """The quiet twin of the test above: the line would also be wrong if it always alerted."""
    shell(USERS)
    shell(SUBSCRIPTIONS)
    shell(QUOTES.replace("191.5", "190"))
    until(lambda: soglia.get("/v1/instruments/stock:AAPL").json().get("value") == 190, WAIT_S, "the quote in the views")
    assert running.end() == 0
    assert kafka.read(f"{prefix}alerts") == []
    assert smtp.mails == []


def test_produce_and_tail_without_kcat(running, soglia, shell, processes):
    soglia.run("produce", "users.json", stdin=b'{"user_id":"ada","email":"ada@example.org"}\n')
    soglia.run("produce", "subscriptions.json", stdin=b'{"user_id":"ada","instrument":"stock:AAPL","high":190}\n')
    following = soglia.start("tail", "alerts", "--follow", "--json")
    soglia.run("produce", "quotes.json",
               stdin=b'{"instrument":"stock:AAPL","value":185}\n{"instrument":"stock:AAPL","value":191.5}\n')

    line = until(lambda: following.stdout_path.read_bytes(), WAIT_S, "the alert at the one who follows")
    record = json.loads(line)
    assert (record["topic"], record["key"], record["value"]["value"]) == ("alerts", "ada", 191.5)

    shown = soglia.run("tail", "quotes", "--key=stock:AAPL").text.splitlines()
    assert len(shown) == 2
    assert " stock:AAPL " in shown[1] and "191.5" in shown[1]
    assert soglia.run("tail", "quotes", "--key=stock:B").text == ""


def test_kcat_is_here():
    """The lines above are kcat's; without it they would prove nothing."""
    assert subprocess.run(["kcat", "-V"], stdout=subprocess.PIPE, check=True).stdout
