"""A commit that Kafka confirmed and then lost, as a broker does that dies before it has written a marker (docs/guarantees.md, 1)."""
import pytest

from proxy import LostCommit
from support.line import quote, subscription, user

WAIT_S = 30
EXIT = 86


@pytest.mark.parametrize("kind", ["EMAIL", "WEBHOOK"])
def test_what_was_sent_is_not_sent_again(kind, line, soglia, processes, crashing, proxy, smtp, receiver):
    """The end of a delivery is lost and done again, from what the sender has written down."""
    soglia.settings |= {"webhook.private_addresses": "true", "webhook.ca_file": receiver.ca_path}
    channel = {"kind": kind, "address": {"EMAIL": "ada@example.org", "WEBHOOK": receiver.url()}[kind]}
    line.give("users", [user("ada", channels=[channel])])
    line.give("subscriptions", [subscription("ada", "stock:A", high=100.5)])
    line.give("quotes", [quote("stock:A", 101, 1)])
    calm = soglia.start("run", "alerts", "notifications")
    line.wait_for("notifications", 1, WAIT_S)
    assert calm.end() == 0

    lost = proxy.arm(LostCommit(nth=2))  # Behind the one that takes the notification.
    dying = processes.start("deliver", [crashing, "run", "deliver"], {
        **soglia.env, "SOGLIA_KAFKA_BROKERS": proxy.brokers, "SOGLIA_CRASH_AT": "committed:2"})
    assert dying.wait(WAIT_S) == EXIT and lost.done.is_set(), dying.tail()
    assert len(smtp.mails) + len(receiver.requests) == 1
    assert not line.read("deliveries")

    living = soglia.start("run", "deliver")
    line.wait_for("deliveries", 1, WAIT_S)
    assert living.end() == 0
    assert len(smtp.mails) + len(receiver.requests) == 1
