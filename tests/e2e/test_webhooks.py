"""Webhooks from the alert to a receiver that is not ours, and what becomes of those that are slow, gone or not allowed."""
import json
import time

import pytest

from support.line import Line, message_id, quote, subscription, user
from support.wait import until
from support.webhook import REPO, Receiver, secret_of

WAIT_S = 30
GONE = {"status": 410}
AWAY = {"status": 503, "body": "come back later"}


@pytest.fixture
def receiver(tmp_path):
    server = Receiver(tmp_path)
    yield server
    server.end()


class Hooks(Line):
    """`soglia deliver` with short waits, and a receiver whose certificate it trusts."""

    process = None

    def __init__(self, soglia, kafka, avro, prefix, receiver):
        super().__init__(soglia, kafka, avro, prefix)
        self.receiver = receiver
        self.count = 0
        soglia.settings |= {"deliver.webhook_waits": "200ms 300ms 400ms 500ms 600ms", "webhook.ca_file": receiver.ca_path,
                            "webhook.private_addresses": "true", "webhook.timeout": "2s", "webhook.connect_timeout": "1s"}

    def start(self, *words, **settings):
        self.soglia.settings |= {name.replace("__", "."): value for name, value in settings.items()}
        self.process = self.soglia.start(*(words or ("deliver",)))
        return self

    def expect(self, path="/hook", answers=({},), user_id="ada", host="127.0.0.1"):
        """Tells the receiver what to answer and what to check with; returns the URL."""
        url = self.receiver.url(path, host)
        secrets = self.soglia.state / "secrets"
        until(secrets.exists, WAIT_S, "the secrets")
        self.receiver.tell(path, secret_of(secrets, user_id, url), answers)
        return url

    def notify(self, url, name=None, channels_id="c1", channel="WEBHOOK", **more):
        self.count += 1
        name = name or f"n{self.count}"
        self.give("notifications", [{
            "notification_id": name, "user_id": "ada", "channel": channel, "address": url,
            "subject": "stock:A above 5", "body_text": "città \"x\"\n.\nend", "body_html": None, "alert_ids": [f"a-{name}"],
            "created_at": 1_795_190_400_123, "subscription_id": "s-1", "channels_id": channels_id, **more}])
        return name

    def outcomes(self, name):
        return [one.value for one in self.read("deliveries") if one.value["notification_id"] == name]

    def wait_for_outcome(self, name, outcome, timeout_s=WAIT_S):
        def come():
            found = self.outcomes(name)
            return any(one["outcome"] == outcome for one in found) and found
        return until(come, timeout_s, lambda: f"{outcome} of {name}: {self.outcomes(name)}\n{self.process.tail()}")


@pytest.fixture
def hooks(soglia, kafka, avro, prefix, receiver):
    line = Hooks(soglia, kafka, avro, prefix, receiver).apply()
    yield line
    assert line.process.end() == 0


def documented_check():
    """What docs/webhooks.md gives people to check a request with."""
    page = (REPO / "docs/webhooks.md").read_text(encoding="utf-8")
    found = {}
    exec(page.partition("```python\n")[2].partition("```")[0], found)  # pylint: disable=exec-used
    return found["check"]


def test_an_alert_arrives_and_can_be_verified(hooks, receiver):
    hooks.start("run", "all")
    url = hooks.expect(host="localhost")  # Two addresses, of which only one listens.
    hooks.give("users", [user("ada", channels=[{"kind": "WEBHOOK", "address": url}])])
    hooks.give("subscriptions", [subscription("ada", "stock:A", high=5, label="Mind «it»")])
    hooks.wait_taken("notifications", "users", WAIT_S)
    hooks.give("quotes", [quote("stock:A", 4, 1000), quote("stock:A", 6, 2000)])
    request, = receiver.wait_for(1, timeout_s=WAIT_S)
    notification, = (one.value for one in hooks.read("notifications"))
    assert request["verified"], request
    assert (request["method"], request["type"]) == ("POST", "application/json")
    assert request["id"] == notification["notification_id"]
    assert abs(int(request["timestamp"]) - time.time()) < WAIT_S
    body = json.loads(request["body"])
    assert body["type"] == "alert" and body["timestamp"].endswith("Z")
    assert body["data"] == {
        "notification_id": notification["notification_id"], "user_id": "ada",
        "subscription_id": notification["subscription_id"], "alert_ids": notification["alert_ids"],
        "channel": {"kind": "WEBHOOK", "address": url}, "subject": notification["subject"],
        "text": notification["body_text"]}
    assert "Mind «it»" in body["data"]["subject"]
    sent, = hooks.wait_for_outcome(notification["notification_id"], "SENT")
    assert (sent["channel"], sent["code"], sent["attempt"], sent["reply"]) == ("WEBHOOK", 200, 1, "HTTP 200")
    secret = secret_of(hooks.soglia.state / "secrets", "ada", url)
    headers = {f"webhook-{name}": request[name] for name in ("id", "timestamp", "signature")}
    assert documented_check()(secret, headers, request["body"].encode())
    assert not documented_check()(secret, headers, request["body"].encode() + b" ")
    assert set(request["names"]) == {"host", "user-agent", "content-type", "content-length", "webhook-id",
                                     "webhook-timestamp", "webhook-signature"}


def test_what_fails_is_tried_again_under_the_same_id(hooks, receiver):
    hooks.start()
    url = hooks.expect(answers=[{"hangUp": True}, {"status": 500, "body": "oh \x01no\n"}, AWAY, {"status": 204}])
    name = hooks.notify(url)
    outcomes = hooks.wait_for_outcome(name, "SENT")
    assert [(one["outcome"], one["code"], one["attempt"]) for one in outcomes] == [
        ("RETRY", 0, 1), ("RETRY", 500, 2), ("RETRY", 503, 3), ("SENT", 204, 4)]
    assert outcomes[0]["reply"].startswith("connection: ")
    assert outcomes[1]["reply"] == "HTTP 500: oh ?no?"
    assert "come back later" in outcomes[2]["reply"]
    for one, following in zip(outcomes, outcomes[1:]):
        assert one["at"] < one["next_attempt_at"] <= following["at"]
    requests = receiver.of()
    assert len(requests) == 4 and all(one["verified"] and one["id"] == name for one in requests)
    assert len({one["body"] for one in requests}) == 1


def test_what_is_never_taken_expires(hooks):
    hooks.start(deliver__webhook_waits="100ms 100ms")
    name = hooks.notify(hooks.expect(answers=[AWAY]))
    assert [one["outcome"] for one in hooks.wait_for_outcome(name, "EXPIRED")] == ["RETRY", "RETRY", "EXPIRED"]


def test_a_receiver_that_asks_for_time_gets_it(hooks):
    hooks.start()
    url = hooks.expect(answers=[{"status": 429, "headers": {"Retry-After": "3"}}, {}])
    first, last = hooks.wait_for_outcome(hooks.notify(url), "SENT")
    assert first["code"] == 429
    assert 3000 <= first["next_attempt_at"] - first["at"] < 3500
    assert last["at"] >= first["next_attempt_at"]


def test_an_endpoint_that_is_gone_is_left_alone_until_the_channels_change(hooks, receiver):
    hooks.start()
    url = hooks.expect(answers=[AWAY, GONE])
    waiting = hooks.notify(url)
    hooks.wait_for_outcome(waiting, "RETRY")
    gone = hooks.notify(url)
    outcomes = hooks.wait_for_outcome(gone, "REJECTED")
    assert outcomes[-1]["code"] == 410
    # What waited for its next attempt is not tried there either.
    assert "not sent" in hooks.wait_for_outcome(waiting, "REJECTED")[-1]["reply"] or len(receiver.of()) <= 3
    tried = len(receiver.of())
    hooks.process.kill9()
    hooks.start()
    refused = hooks.notify(url)
    outcome, = hooks.wait_for_outcome(refused, "REJECTED")
    assert (outcome["code"], outcome["attempt"]) == (410, 1) and "change your channels" in outcome["reply"]
    assert len(receiver.of()) == tried
    other = hooks.notify(hooks.expect("/other"))
    hooks.wait_for_outcome(other, "SENT")
    hooks.expect()
    again = hooks.notify(url, channels_id="c2")
    hooks.wait_for_outcome(again, "SENT")
    assert [one["id"] for one in receiver.of()][tried:] == [again]


def test_redirects_are_not_followed(hooks, receiver):
    hooks.start()
    url = hooks.expect(answers=[{"status": 307, "headers": {"Location": hooks.expect("/elsewhere")}}])
    outcome = hooks.wait_for_outcome(hooks.notify(url), "RETRY")[0]
    assert outcome["code"] == 307 and "redirects are not followed" in outcome["reply"]
    assert not receiver.of("/elsewhere")


def test_private_addresses_are_refused(hooks, receiver):
    hosts = ("127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254",
             "10.0.0.1", "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]")
    hooks.start(webhook__private_addresses="false")
    names = {host: hooks.notify(receiver.url(host=host)) for host in hosts}
    for host, name in names.items():
        outcome, = hooks.wait_for_outcome(name, "REJECTED")
        assert outcome["code"] == 0 and outcome["reply"].startswith("address: "), host
        assert host.strip("[]") not in outcome["reply"]
    assert not receiver.requests


NO_URLS = (
    ("http://127.0.0.1:8000/", "must be https"), ("ftp://127.0.0.1/", "https"), ("https://ada:pw@127.0.0.1/", "user or a password"),
    ("https://ada@127.0.0.1/", "user or a password"), ("https://127.0.0.1:25/", "port 25"), ("https://", "URL"),
    ("https://127.0.0.1/a b", "blank"), ("file:///etc/passwd", "https"), ("https://127.0.0.1/\r\nX: y", "control"),
    ("nonsense", "no absolute URL"), ("gopher://127.0.0.1:70/_x", "https"))


def test_what_is_no_url_for_webhooks_is_refused(hooks):
    hooks.start()
    names = [hooks.notify(url) for url, _words in NO_URLS]
    for name, (url, words) in zip(names, NO_URLS):
        outcome, = hooks.wait_for_outcome(name, "REJECTED")
        assert words in outcome["reply"] and "pw" not in outcome["reply"], url


def test_plain_http_where_it_is_allowed(soglia, kafka, avro, prefix, tmp_path):
    plain = Receiver(tmp_path, tls=False)
    plain.ca_path = ""
    line = Hooks(soglia, kafka, avro, prefix, plain).apply().start(webhook__http="true")
    line.wait_for_outcome(line.notify(line.expect()), "SENT")
    assert plain.of()[0]["verified"]
    assert line.process.end() == 0
    plain.end()


def test_a_certificate_that_nobody_signed_is_refused(hooks, receiver):
    hooks.start(webhook__ca_file="")
    outcome = hooks.wait_for_outcome(hooks.notify(receiver.url()), "RETRY")[0]
    assert outcome["reply"].startswith("tls: the certificate")
    assert not receiver.requests


def test_a_proxy_of_the_environment_is_not_asked(hooks, receiver):
    hooks.start()
    hooks.process.end()
    hooks.process = hooks.soglia._processes.start(  # pylint: disable=protected-access
        "proxied", [hooks.soglia.program, "deliver"],
        hooks.soglia.env | {"https_proxy": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"})
    hooks.wait_for_outcome(hooks.notify(hooks.expect()), "SENT")
    assert receiver.of()[0]["verified"]


def test_a_slow_endpoint_holds_up_nobody_else(hooks, receiver, smtp):
    hooks.start(webhook__timeout="20s")
    slow, fast = hooks.expect("/slow", [{"silent": True}]), hooks.expect("/fast")
    slow_names = [hooks.notify(slow) for _ in range(60)]
    receiver.wait_for(1, "/slow")
    begun = time.monotonic()
    names = [hooks.notify(fast) for _ in range(30)]
    mail = hooks.notify("ada@example.org", channel="EMAIL")
    receiver.wait_for(len(names), "/fast")
    assert list(map(message_id, smtp.wait_for(1))) == [mail]
    assert time.monotonic() - begun < 10
    assert len(receiver.of("/slow")) == 1  # One after the other.
    hooks.wait_for_outcome(names[-1], "SENT")
    outcomes = [one.value for one in hooks.read("deliveries")]
    assert {one["notification_id"] for one in outcomes if one["outcome"] == "SENT"} >= {*names, mail}
    assert not {one["notification_id"] for one in outcomes} & set(slow_names)


def test_a_mail_server_that_is_silent_holds_up_no_webhook(hooks, smtp):
    hooks.start(smtp__queue=1, smtp__connections=1, smtp__url="smtp://10.255.255.1:25", smtp__timeout="60s")
    for _ in range(5):
        hooks.notify("ada@example.org", channel="EMAIL")
    hooks.wait_for_outcome(hooks.notify(hooks.expect()), "SENT", 10)
    assert not smtp.mails


def test_an_answer_without_end_is_cut(hooks):
    hooks.start(webhook__timeout="20s")
    begun = time.monotonic()
    poured = hooks.notify(hooks.expect("/pour", [{"status": 200, "pour": True}]))
    drip = hooks.notify(hooks.expect("/header", [{"status": 200, "headers": {f"X-{at}": "y" * 1000 for at in range(15)}}]))
    outcome, = hooks.wait_for_outcome(poured, "SENT", 10)
    assert len(outcome["reply"]) <= 256
    hooks.wait_for_outcome(drip, "SENT", 10)
    assert time.monotonic() - begun < 10


def test_who_has_said_yes_has_taken_it(hooks):
    hooks.start(webhook__timeout="1s")
    name = hooks.notify(hooks.expect(answers=[{"status": 200, "neverEnds": True}]))
    assert [one["outcome"] for one in hooks.wait_for_outcome(name, "SENT")] == ["SENT"]


@pytest.mark.parametrize("point, requests", [("before_webhook", 1), ("after_webhook_reply", 2), ("after_webhook_logged", 1)])
def test_killed_in_the_middle(hooks, receiver, crashing, point, requests):
    hooks.soglia.program = crashing
    hooks.start(crash__at=f"{point}:1:kill")
    name = hooks.notify(hooks.expect())
    assert hooks.process.wait(WAIT_S) == -9
    del hooks.soglia.settings["crash.at"]
    hooks.start()
    assert [one["attempt"] for one in hooks.wait_for_outcome(name, "SENT")] == [1]
    assert len(receiver.of()) == requests
    assert {one["id"] for one in receiver.of()} == {name}


def test_many_endpoints_side_by_side(hooks, receiver):
    """Twenty endpoints of one host that take a second each, ten at a time."""
    hooks.start(webhook__host_connections=10)
    urls = [hooks.expect(f"/{at}", [{"delayMs": 1000}]) for at in range(20)]
    begun = time.monotonic()
    names = [hooks.notify(url) for url in urls]
    until(lambda: len(receiver.requests) == len(urls), WAIT_S, "a request of each")
    assert time.monotonic() - begun < 12
    for name in names:
        hooks.wait_for_outcome(name, "SENT")
    assert len(receiver.requests) == len(urls)
