"""Commands as people make them: the lines of docs/commands.md, by kcat and without it; and an installation from before there were any."""
import json
import re

import pytest

from support.kafka import REPO
from support.line import Line, command, quote, subscription, user
from support.wait import until

WAIT_S = 30
FAILED = 1
PAGE = (REPO / "docs/commands.md").read_text()
LINES = re.search(r"```json\n(.*?)```", PAGE, re.S)[1]
KINDS = [next(iter(json.loads(line)["body"])) for line in LINES.splitlines()]
NEW_TOPICS = ("commands", "command-results", "soglia-accounts-users-changelog", "soglia-accounts-subscriptions-changelog",
              "soglia-accounts-commands-changelog")


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    return Line(soglia, kafka, avro, prefix).apply()


def kcat(line, processes, text):
    """`soglia encode` and kcat, as the page has them."""
    pipe = re.search(r"soglia (encode commands) < commands.jsonl \|\n  (kcat .*)", PAGE)
    end = pipe[2].replace("localhost:9092", line.kafka.brokers).replace("-t commands", f"-t {line.prefix}commands")
    done = processes.run("shell", ["bash", "-c", f"set -o pipefail; '{line.soglia.program}' {pipe[1]} | {end}"],
                         {**line.soglia.env}, text.encode())
    assert done.code == 0, done.stderr.decode()


def answers(line, count):
    return [one.value for one in line.wait_for("command-results", count, WAIT_S)]


def test_the_lines_of_the_page(line, processes):
    assert KINDS == ["RegisterUser", "ChangeUser", "Subscribe", "ChangeSubscription", "Unsubscribe", "DeleteUser"]
    running = line.soglia.start("run", "accounts")
    kcat(line, processes, LINES)
    first = answers(line, len(KINDS))
    assert [one["command_id"] for one in first] == [json.loads(one)["command_id"] for one in LINES.splitlines()]
    assert {one["status"] for one in first} == {"DONE"}
    users, subscriptions = line.read("users"), line.read("subscriptions")
    assert [(one.value["version"], one.value["active"], one.value["display_name"]) for one in users] == [
        (1, True, "Ada"), (2, True, "Ada"), (3, False, None)]
    assert [(one.value["version"], one.value["low"], one.value["high"], one.value["active"]) for one in subscriptions] == [
        (1, 180, 190, True), (2, None, 195, True), (3, None, 195, False)]
    assert {one.key for one in users} == {b"ada"} and {one.key for one in subscriptions} == {b"stock:AAPL"}

    line.soglia.run("produce", "commands", stdin=LINES.encode())
    assert answers(line, 2 * len(KINDS)) == first * 2
    assert running.end() == 0
    assert (len(line.read("users")), len(line.read("subscriptions"))) == (3, 3)
    shown = line.soglia.run("tail", "command-results", "--key=ada").text.splitlines()
    assert len(shown) == 2 * len(KINDS) and '"RegisterUser"' not in shown[0] and '"User":' in shown[0]


def test_a_line_that_is_wrong_is_told_and_left_out(line):
    bad = ('{"command_id":"c1","user_id":"ada","body":{"Regster":{}}}\n'
           '{"command_id":"c2","user_id":"ada","body":{"Subscribe":{"hihg":1}}}\n'
           '{"command_id":"c3","user_id":"ada","body":{"Subscribe":{}}}\n'
           '{"user_id":"ada","body":{"DeleteUser":{}}}\n')
    said = line.soglia.run("produce", "commands", stdin=(bad + LINES).encode(), code=FAILED).stderr.decode()
    for wanted in ('line 1: body: wants an object with one of RegisterUser', 'did you mean "high"?',
                   "line 3: body: Subscribe lacks instrument", "line 4: Command lacks command_id"):
        assert wanted in said
    assert [one.value["command_id"] for one in line.read("commands")] == [json.loads(one)["command_id"] for one in LINES.splitlines()]


def test_a_command_becomes_a_mail(line, smtp):
    """Through the whole line: who registers and subscribes by command is told."""
    running = line.soglia.start("run", "all")
    line.give("commands", [
        command("u1", "c1", "RegisterUser", {"email": "ada@example.org"}),
        command("u1", "c2", "Subscribe", {"subscription_id": "s1", "instrument": "stock:A", "high": 10.0, "label": "mine"})])
    line.wait_taken("accounts", "commands", WAIT_S)
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    line.wait_taken("notifications", "users", WAIT_S)
    line.give("quotes", [quote("stock:A", 9.0, 1000), quote("stock:A", 11.0, 2000)])
    mail, = smtp.wait_for(1, WAIT_S)
    assert mail.recipients == ["ada@example.org"]
    line.give("commands", [command("u1", "c3", "DeleteUser")])
    line.wait_taken("accounts", "commands", WAIT_S)
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    line.give("quotes", [quote("stock:A", 9.0, 3000), quote("stock:A", 12.0, 4000)])
    line.wait_taken("alerts", "quotes", WAIT_S)
    assert running.end() == 0
    assert len(line.read("alerts")) == len(smtp.mails) == 1


def forget(line, topics, schemas=True):
    """As if these topics had never been, nor their schemas."""
    admin = line.kafka.admin  # It must outlive the answer.
    for future in admin.delete_topics([line.prefix + name for name in topics]).values():
        future.result(WAIT_S)
    until(lambda: not any(line.kafka.has_topic(line.prefix + name) for name in topics), WAIT_S, "the topics to go")
    keys = [json.dumps({"keytype": "SCHEMA", "subject": f"{line.prefix}{name}-value", "version": 1, "magic": 1}) for name in topics]
    if schemas:
        line.kafka.produce(f"{line.prefix}_schemas", [(key, None) for key in keys])


def said_at_end(process):
    """The line for people of a process that must fail."""
    assert process.wait(WAIT_S) == FAILED
    line, = [line for line in process.stderr_path.read_text().splitlines() if not line.startswith("{")]
    return line


def test_an_installation_from_before(line, smtp):
    """Its topics and its state know nothing of accounts: it says what to do, and then goes on from where it was."""
    soglia = line.soglia
    forget(line, NEW_TOPICS)
    running = soglia.start("run", "ingest", "alerts", "notifications", "deliver")
    line.give("users", [user("ada")])
    line.give("subscriptions", [subscription("ada", "stock:A", high=10.0)])
    line.wait_taken("notifications", "users", WAIT_S)
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    line.give("quotes", [quote("stock:A", 11.0, 1000)])
    smtp.wait_for(1, WAIT_S)
    assert running.end() == 0

    said = said_at_end(soglia.start("run", "all"))
    # accounts and the views start side by side: either tells first.
    assert "topic command" in said and "soglia topics apply" in said
    assert f"{line.prefix}commands" in soglia.run("check", code=FAILED).text

    soglia.run("topics", "apply")
    running = soglia.start("run", "all")
    soglia.wait_ready(running)
    line.give("commands", [command("u1", "c1", "RegisterUser", {"email": "bob@example.org"})])
    line.give("quotes", [quote("stock:A", 9.0, 2000), quote("stock:A", 12.0, 3000)])
    smtp.wait_for(2, WAIT_S)
    assert [one["status"] for one in answers(line, 1)] == ["DONE"]
    until(lambda: len(line.read("users")) == 2, WAIT_S, "the user")
    assert running.end() == 0


@pytest.mark.parametrize("topic", ["commands", "soglia-accounts-commands-changelog"])
def test_a_topic_that_is_missing_is_named(line, topic):
    forget(line, [topic], schemas=False)
    said = said_at_end(line.soglia.start("run", "accounts"))
    assert f"{line.prefix}{topic}" in said and "is not there: run `soglia topics apply`" in said
