"""A mail server that drops the connection at each step of the dialogue: no mail is lost, and few come twice."""
from collections import Counter

import pytest

from support.line import message_id, quote, subscription, user
from support.scripted_smtp import GOOD, STEPS, close, partial, reset

DROPPED = [step for step in STEPS if step not in ("auth", "quit")]  # There is no log-in, and nothing waits for the answer to QUIT.
TAKEN = {"dot": (True, False)}  # After the final dot the server has the mail or not, and does not say.
USERS = 12
ROUNDS = 3
WAIT_S = 60


def ways(step, stored):
    """The ways to drop at a step: closed, reset, and in the middle of the reply where there is one."""
    yield from ({step: close(stored)}, {step: reset(stored)})
    if step in GOOD:
        yield {step: partial(GOOD[step][:2], stored)}


def scripts(dice):
    """Each step dropped in each way, in the seed's order; then all goes well."""
    acts = [act for step in DROPPED for stored in TAKEN.get(step, (False,)) for act in ways(step, stored)]
    dice.shuffle(acts)
    return [*acts, {}]


@pytest.fixture
def server(scripted_smtp, dice):
    return scripted_smtp(scripts(dice))


@pytest.fixture
def soglia(soglia, server):
    soglia.settings |= {"smtp.url": server.url, "deliver.retry_first": "50ms", "deliver.retry_max": "200ms"}
    return soglia


def test_a_drop_at_each_step_loses_no_mail(line, soglia, server, judge, verdict):
    process = soglia.start("run", "alerts", "notifications", "deliver")
    line.give("users", [user(f"user-{at}") for at in range(USERS)])
    line.give("subscriptions", [subscription(f"user-{at}", "stock:A", high=100.5) for at in range(USERS)])
    line.wait_taken("notifications", "users", WAIT_S)
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    line.give("quotes", [quote("stock:A", 100 + at % 2, at) for at in range(2 * ROUNDS)])
    line.wait_for("notifications", USERS * ROUNDS, WAIT_S)
    line.kafka.read_until(f"{line.prefix}deliveries", lambda records: ended(line, records) == USERS * ROUNDS, WAIT_S,
                          "every mail to be sent")
    assert process.end() == 0

    judge.alerts()
    judge.notified()
    copies = judge.delivered(server.mails, lambda same: True)
    # Only a server that has the mail and does not say so makes another copy: under the same id, to the byte.
    drops = sum(act.stored for script in server.scripts[:len(server.commands)] for act in script.values())
    verdict.check(copies <= drops, f"{copies} copies for {drops} mails taken without a word")
    most = Counter(map(message_id, server.mails)).most_common(1)
    print(f"{len(server.commands)} connections, {len(server.mails)} mails, {copies} copies, {drops} drops after the dot; most: {most}")
    assert len(server.commands) > len(server.scripts), "not every script was played"


def ended(line, records):
    return sum(line.avro.decode(record.value)["outcome"] == "SENT" for record in records)
