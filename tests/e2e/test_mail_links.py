"""Mails as they leave: their links stand for a person and a subscription, and say neither."""
import base64
import re

import pytest

from support.line import Line, message_id, quote, subscription, user

WAIT_S = 30
BASE = "https://soglia.example/"


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    soglia.settings["mail.link_base"] = BASE
    return Line(soglia, kafka, avro, prefix).apply()


def token_of(mail):
    link = mail.message["List-Unsubscribe"].strip()
    found = re.fullmatch(rf"<{BASE}u/([A-Za-z0-9_-]+)>", link)
    assert found, link
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for kind in ("plain", "html"):
        assert link.strip("<>") in mail.message.get_body((kind,)).get_content()
    return found[1]


def test_links_of_mails(line, smtp):
    process = line.soglia.start("run", "all")
    line.give("users", [user("ada", display_name="Ada <b>"), user("grace")])
    line.give("subscriptions", [subscription("ada", "stock:A", high=5, notify_cleared=True), subscription("ada", "stock:B", high=5),
                                subscription("grace", "stock:A", high=5)])
    line.wait_taken("notifications", "users", WAIT_S)
    line.give("quotes", [quote("stock:A", value, at) for at, value in enumerate((4, 6, 4), 1000)])
    line.give("quotes", [quote("stock:B", value, at) for at, value in enumerate((4, 6), 1000)])
    mails = smtp.wait_for(4, WAIT_S)
    notifications = {one.value["notification_id"]: one.value for one in line.read("notifications")}
    tokens, threads = {}, {}
    for mail in mails:
        notification = notifications[message_id(mail)]
        whose = notification["user_id"], notification["subscription_id"]
        tokens.setdefault(whose, set()).add(token_of(mail))
        threads.setdefault(whose, set()).add(mail.message["References"])
    assert len(mails) == 4 and len(tokens) == 3
    # One link and one thread for each subscription, whatever the mail.
    assert all(len(some) == 1 for some in (*tokens.values(), *threads.values()))
    assert len(set.union(*tokens.values())) == len(set.union(*threads.values())) == 3
    for (user_id, subscription_id), (token,) in tokens.items():
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        assert user_id.encode() not in sealed and subscription_id.encode() not in sealed
    # Nothing of it is on Kafka.
    assert not any(BASE.encode() in record.value for record in line.kafka.read(line.prefix + "notifications"))
    assert process.end() == 0
