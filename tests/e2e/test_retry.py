"""Mail servers that refuse, vanish, dawdle: what soglia deliver makes of them, told in the topic deliveries."""
import pytest

from support.line import Line, message_id
from support.scripted_smtp import close, silence
from support.wait import until

WAIT_S = 20
BUSY = "451 4.3.0 come back later"
GONE = "550 5.1.1 no such user"


def notification(number, user_id="ada", **more):
    return {"notification_id": f"n{number}", "user_id": user_id, "channel": "EMAIL",
            "address": f"{user_id}@example.org", "subject": "stock:A above 5", "body_text": "città\n.\nend",
            "body_html": "<p>città</p>", "alert_ids": [f"a{number}"], "created_at": 1_795_190_400_000, **more}


class Delivering(Line):
    """`soglia deliver` with short waits."""

    process = None

    def start(self, **settings):
        self.soglia.settings |= {"deliver.retry_first": "200ms", "deliver.retry_max": "1s"} | {
            name.replace("__", "."): value for name, value in settings.items()}
        self.apply()
        self.process = self.soglia.start("deliver")
        return self

    def restart(self):
        self.process.kill9()
        self.process = self.soglia.start("deliver")

    def outcomes(self, name="n1"):
        """The deliveries of a notification, in order."""
        values = (one.value for one in self.read("deliveries"))
        return [one for one in values if one["notification_id"] == name]

    def wait_for_outcome(self, outcome, name="n1"):
        """Waits for the first delivery with this outcome, and returns all of the notification."""
        def come():
            found = self.outcomes(name)
            return any(one["outcome"] == outcome for one in found) and found
        return until(come, WAIT_S, lambda: f"{outcome} of {name}: {self.outcomes(name)}")


@pytest.fixture
def deliver(soglia, kafka, avro, prefix):
    delivering = Delivering(soglia, kafka, avro, prefix)
    yield delivering
    assert delivering.process.end() == 0


def assert_numbered(outcomes):
    """Attempts count from 1, and none is made before its time."""
    assert [one["attempt"] for one in outcomes] == list(range(1, len(outcomes) + 1))
    for one, following in zip(outcomes, outcomes[1:]):
        assert one["outcome"] == "RETRY"
        assert one["at"] < one["next_attempt_at"] <= following["at"]
    assert outcomes[-1]["next_attempt_at"] is None


def test_a_busy_server_is_tried_again(deliver, smtp):
    smtp.recipient_replies["ada@example.org"] = BUSY
    deliver.start().give("notifications", [notification(1), notification(2, "grace")])
    retry = deliver.wait_for_outcome("RETRY")[0]
    assert (retry["code"], retry["user_id"], retry["channel"]) == (451, "ada", "EMAIL")
    assert "come back later" in retry["reply"]
    assert [one["outcome"] for one in deliver.wait_for_outcome("SENT", "n2")] == ["SENT"]
    assert smtp.recipient_replies.pop("ada@example.org") == BUSY

    outcomes = deliver.wait_for_outcome("SENT")
    assert deliver.process.end() == 0  # Nothing more comes.
    assert deliver.outcomes() == outcomes
    assert_numbered(outcomes)
    assert outcomes[-1]["code"] == 250
    assert sorted(map(message_id, smtp.mails)) == ["n1", "n2"]


def test_a_refused_address_is_not_tried_again(deliver, smtp):
    smtp.recipient_replies["ada@example.org"] = GONE
    deliver.start().give("notifications", [notification(1), notification(2, "grace")])
    outcome, = deliver.wait_for_outcome("REJECTED")
    assert (outcome["code"], outcome["attempt"], outcome["next_attempt_at"]) == (550, 1, None)
    assert "no such user" in outcome["reply"]
    deliver.wait_for_outcome("SENT", "n2")
    smtp.recipient_replies.clear()
    deliver.restart()  # It stays rejected when the state is read again.
    deliver.give("notifications", [notification(3)])
    deliver.wait_for_outcome("SENT", "n3")
    assert deliver.process.end() == 0
    assert len(deliver.outcomes()) == 1
    assert sorted(map(message_id, smtp.mails)) == ["n2", "n3"]


def test_a_dead_server_is_waited_for(deliver, smtp):
    smtp.stop()
    deliver.start().give("notifications", [notification(1)])
    until(lambda: len(deliver.outcomes()) >= 3, WAIT_S, "three attempts")
    smtp.start()
    outcomes = deliver.wait_for_outcome("SENT")
    assert_numbered(outcomes)
    assert outcomes[0]["code"] == 0 and outcomes[0]["reply"]
    assert len(smtp.mails) == 1


def test_what_is_never_taken_expires(deliver, smtp):
    smtp.stop()
    deliver.start(deliver__give_up="700ms").give("notifications", [notification(1)])
    outcomes = deliver.wait_for_outcome("EXPIRED")
    assert_numbered(outcomes)
    assert len(outcomes) > 1
    smtp.start()
    deliver.give("notifications", [notification(2)])
    deliver.wait_for_outcome("SENT", "n2")
    assert deliver.outcomes() == outcomes
    assert list(map(message_id, smtp.mails)) == ["n2"]


def test_a_repeated_attempt_is_the_same_mail(deliver, scripted_smtp):
    """The server takes the mail and vanishes before it says so: the mail goes again, to the byte."""
    server = scripted_smtp([{"dot": close(stored=True)}, {"dot": close(stored=True)}, {}])
    deliver.start(smtp__url=server.url).give("notifications", [notification(1)])
    outcomes = deliver.wait_for_outcome("SENT")
    assert_numbered(outcomes)
    assert [one["outcome"] for one in outcomes] == ["RETRY", "RETRY", "SENT"]
    mails = server.wait_for(3)
    assert {mail.raw for mail in mails} == {mails[0].raw}
    assert message_id(mails[0]) == "n1"


def test_a_slow_server_holds_up_nobody_else(deliver, scripted_smtp):
    server = scripted_smtp([{"dot": silence()}, {}])
    deliver.start(smtp__url=server.url, smtp__timeout="4s").give("notifications", [notification(0, "slow")])
    server.wait_for_connections(1)
    deliver.give("notifications", [notification(at, f"user{at}") for at in range(1, 41)])
    others = [one.value for one in deliver.wait_for("deliveries", 40, WAIT_S)]
    assert sorted(one["notification_id"] for one in others) == sorted(f"n{at}" for at in range(1, 41))
    assert {one["outcome"] for one in others} == {"SENT"}
    outcomes = deliver.wait_for_outcome("SENT", "n0")
    assert_numbered(outcomes)
    assert [one["outcome"] for one in outcomes] == ["RETRY", "SENT"]


def test_kill_9_between_attempts_keeps_the_schedule(deliver, smtp):
    smtp.recipient_replies["ada@example.org"] = BUSY
    deliver.start(deliver__retry_first="4s", deliver__retry_max="4s").give("notifications", [notification(1)])
    first = deliver.wait_for_outcome("RETRY")[0]
    deliver.restart()
    smtp.recipient_replies.clear()
    outcomes = deliver.wait_for_outcome("SENT")
    assert_numbered(outcomes)
    assert outcomes[0] == first
    assert len(outcomes) == 2 and len(smtp.mails) == 1


def test_the_same_notification_again_is_one_mail_while_it_is_under_way(deliver, smtp):
    smtp.recipient_replies["ada@example.org"] = BUSY
    deliver.start().give("notifications", [notification(1)])
    deliver.wait_for_outcome("RETRY")
    deliver.give("notifications", [notification(1), notification(2, "grace")])
    deliver.wait_taken("deliver", "notifications")
    smtp.recipient_replies.clear()
    deliver.wait_for_outcome("SENT", "n2")
    assert_numbered(deliver.wait_for_outcome("SENT"))
    assert deliver.process.end() == 0
    assert sorted(map(message_id, smtp.mails)) == ["n1", "n2"]
