"""The mail sink against real and scripted servers, driven through tests/unit/connectors/mail_driver.c."""
import asyncio
import email
import email.policy
import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from support.ports import free_port
from support.scripted_smtp import close, partial, reply, reset, silence
from support.smtp import SmtpServer
from support.wait import until

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "pa55-0f-nobody"
CREATED_AT = 1795255200000  # Sat, 21 Nov 2026 10:00:00 UTC
CRASHED = 86


def driver_path():
    """From the dev build, which has the crash points; SOGLIA_TEST_PROGRAMS names another folder of test programs."""
    program = Path(os.environ.get("SOGLIA_TEST_PROGRAMS", ROOT / "build/dev/tests")) / "mail_driver"
    assert program.exists(), f"{program} is not built: cmake --build --preset dev"
    return program


def environment(url, link_base="", **settings):
    values = {"url": url, "timeout": "3s", "tls": "off", "from": "soglia <alerts@soglia.test>", **settings}
    return {**os.environ, "SOGLIA_MAIL_LINK_BASE": link_base,
            **{f"SOGLIA_SMTP_{key.upper()}": str(value) for key, value in values.items()}}


class Driver:
    """A running sender. `outcomes` are those it gave out, by (id, attempt), in `order`."""

    def __init__(self, folder, url, crash_at=None, **settings):
        self.folder = folder
        env = environment(url, **settings) | ({"SOGLIA_CRASH_AT": crash_at} if crash_at else {})
        self._stderr = open(folder / "driver.err", "ab")
        self._popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", driver_path(), folder], env=env,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr)
        self.outcomes, self.order, self.answers = {}, [], []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        until(lambda: self.answers or self.code is not None, 10, "the sender to start")

    def _read(self):
        for line in self._popen.stdout:
            said = json.loads(line)
            if "outcome" in said:
                self.order.append(said["id"])
                self.outcomes[said["id"], said["attempt"]] = said
            else:
                self.answers.append(said)

    def _do(self, **command):
        count = len(self.answers)
        self._popen.stdin.write(json.dumps(command).encode() + b"\n")
        self._popen.stdin.flush()
        until(lambda: len(self.answers) > count or self.code is not None, 10, f"an answer to {command['do']}")
        return self.answers[count] if len(self.answers) > count else None

    def offer(self, name, address="ada@example.org", attempt=1, partition=0, **fields):
        """True when it was taken."""
        answer = self._do(do="offer", **(letter(name, address, **fields) | {"attempt": attempt, "partition": partition}))
        return answer is not None and answer["offered"]

    def settle(self, name, attempt=1):
        self._do(do="settle", id=name, attempt=attempt)

    def forget(self, partition):
        self._do(do="forget", partition=partition)

    def outcome(self, name, attempt=1, timeout_s=15):
        until(lambda: (name, attempt) in self.outcomes, timeout_s, lambda: f"the outcome of {name}\n{self.log()}")
        return self.outcomes[name, attempt]

    def log(self):
        return (self.folder / "driver.err").read_text(errors="replace")

    @property
    def code(self):
        return self._popen.poll()

    def kill9(self):
        self._popen.send_signal(signal.SIGKILL)
        self._popen.wait(10)

    def wait(self):
        return self._popen.wait(10)

    def end(self):
        """Ends it in order; the seconds that took."""
        begin = time.monotonic()
        if self.code is None:
            self._popen.stdin.close()
            self._popen.wait(15)
        self._reader.join()
        self._stderr.close()
        return time.monotonic() - begin


def letter(name, address="ada@example.org", subject="AAPL above 190", text="AAPL: 191.5", html=None, subscription=None):
    return {"id": name, "user": "u-1", "address": address, "subject": subject, "text": text, "html": html,
            "created_at": CREATED_AT, "subscription": subscription}


@pytest.fixture
def sender(tmp_path):
    """Starts senders; ends them after the test."""
    started = []

    def start(url, **options):
        started.append(Driver(tmp_path, url, **options))
        return started[-1]
    yield start
    for driver in started:
        driver.end()
        assert "Sanitizer" not in driver.log(), driver.log()


# One row a situation of the reference's table: script, outcome, code, ambiguous, words of the reply.
ROWS = {
    "accepted": ({}, "SENT", 250, False, "250 2.0.0 Ok: queued as scripted"),
    "quit fails after acceptance": ({"quit": close()}, "SENT", 250, False, "queued as scripted"),
    "RCPT answered 251": ({"rcpt": reply("251 2.1.5 will forward")}, "SENT", 250, False, "queued"),
    "greeting 421": ({"greeting": reply("421 4.3.2 busy")}, "RETRY", 421, False, "421 4.3.2 busy"),
    "greeting 554": ({"greeting": reply("554 5.3.2 no service")}, "RETRY", 554, False, "554 5.3.2"),
    "greeting closed": ({"greeting": close()}, "RETRY", 0, False, ""),
    "greeting silent": ({"greeting": silence()}, "RETRY", 0, False, "imed out"),
    "MAIL 4xx": ({"mail": reply("451 4.3.0 later")}, "RETRY", 451, False, "451 4.3.0 later"),
    "MAIL 421 and close": ({"mail": reply("421 4.7.0 slow down")}, "RETRY", 421, False, "421 4.7.0"),
    "MAIL 5xx": ({"mail": reply("550 5.7.1 not from you")}, "REJECTED", 550, False, "550 5.7.1 not from you"),
    "RCPT 4xx": ({"rcpt": reply("450 4.2.0 greylisted")}, "RETRY", 450, False, "450 4.2.0 greylisted"),
    "RCPT 421 and close": ({"rcpt": reply("421 4.7.0 bye")}, "RETRY", 421, False, "421"),
    "RCPT 5xx": ({"rcpt": reply("550-5.1.1 no such\n550 5.1.1 user")}, "REJECTED", 550, False, "550 5.1.1 no such 5.1.1 user"),
    "DATA 4xx": ({"data": reply("452 4.3.1 full")}, "RETRY", 452, False, "452 4.3.1 full"),
    "DATA 5xx": ({"data": reply("554 5.5.1 no valid recipients")}, "REJECTED", 554, False, "554 5.5.1"),
    "dot 452": ({"dot": reply("452 4.3.1 full")}, "RETRY", 452, False, "452 4.3.1 full"),
    "dot 421": ({"dot": reply("421 4.3.2 going down")}, "RETRY", 421, False, "421 4.3.2"),
    "dot 554": ({"dot": reply("554 5.7.1 spam")}, "REJECTED", 554, False, "554 5.7.1 spam"),
    "closed after the dot": ({"dot": close(stored=True)}, "RETRY", 354, True, "perhaps taken"),
    "reset after the dot": ({"dot": reset(stored=True)}, "RETRY", 354, True, "perhaps taken"),
    "silence after the dot": ({"dot": silence(stored=True)}, "RETRY", 354, True, "perhaps taken"),
    "half a reply after the dot": ({"dot": partial("25", stored=True)}, "RETRY", 0, True, "perhaps taken"),
    "dropped after EHLO": ({"ehlo": close()}, "RETRY", 220, False, ""),
    "dropped after MAIL": ({"mail": close()}, "RETRY", 250, False, ""),
    "dropped after RCPT": ({"rcpt": close()}, "RETRY", 250, False, ""),
    "dropped after DATA": ({"data": close()}, "RETRY", 250, False, ""),
    "silence after RCPT": ({"rcpt": silence()}, "RETRY", 250, False, "imed out"),
    "530 log in first": ({"mail": reply("530 5.7.0 log in first")}, "RETRY", 530, False, "530 5.7.0"),
}

# Whether libcurl still knows the reply before depends on how the bytes fall into packets.
CODE_VARIES = {"half a reply after the dot"}


@pytest.mark.parametrize("row", ROWS)
def test_end_of_a_transfer(row, scripted_smtp, sender):
    script, outcome, code, ambiguous, words = ROWS[row]
    server = scripted_smtp(script)
    driver = sender(server.url, timeout="1s")
    assert driver.offer("n1")
    got = driver.outcome("n1")
    assert (got["outcome"], got["ambiguous"]) == (outcome, ambiguous), got
    assert got["code"] == code or row in CODE_VARIES
    assert words in got["reply"]
    assert got["user"] == "u-1" and len(got["reply"]) <= 256
    assert abs(got["at"] / 1000 - time.time()) < 60


@pytest.mark.parametrize("size", [100, 900_000])
def test_reset_in_mid_body(size, scripted_smtp, sender):
    """With a body that fits the buffers on the way libcurl has written all before it hears of the reset: that is
    ambiguous, and retried as ever. How much fits is the kernel's choice."""
    server = scripted_smtp({"body": reset()})
    driver = sender(server.url)
    assert driver.offer("n1", text="x" * size)
    got = driver.outcome("n1")
    assert (got["outcome"], got["code"]) == ("RETRY", 354) and (got["ambiguous"] or size > 100), got
    assert not server.mails


def test_no_server_at_all(sender):
    driver = sender(f"smtp://127.0.0.1:{free_port()}")
    assert driver.offer("n1")
    got = driver.outcome("n1")
    assert (got["outcome"], got["code"], got["ambiguous"]) == ("RETRY", 0, False)
    assert "does not answer" in driver.log()


def test_unknown_host(sender):
    driver = sender("smtp://no-such-host.invalid:25")
    assert driver.offer("n1")
    assert driver.outcome("n1")["outcome"] == "RETRY"


def test_retry_is_the_same_bytes(scripted_smtp, sender):
    server = scripted_smtp([{"dot": close(stored=True)}, {}])
    driver = sender(server.url)
    assert driver.offer("n1", html="<p>Hé</p>")
    assert driver.outcome("n1")["ambiguous"]
    assert driver.offer("n1", attempt=2, html="<p>Hé</p>")
    assert driver.outcome("n1", 2)["outcome"] == "SENT"
    first, second = server.mails
    assert first.raw == second.raw
    assert first.message["Message-ID"] == "<n1@soglia.test>"


def test_one_connection_serves_many_mails(scripted_smtp, sender):
    server = scripted_smtp()
    driver = sender(server.url, connections=1)
    for number in range(20):
        assert driver.offer(f"n{number}")
    for number in range(20):
        assert driver.outcome(f"n{number}")["outcome"] == "SENT"
    assert driver.order == [f"n{number}" for number in range(20)]
    assert len(server.commands) == 1
    assert len(server.mails) == 20
    driver.end()
    until(lambda: server.commands[0][-1] == "QUIT", 5, "QUIT at the end")


@pytest.mark.parametrize("last", [close(), reply("421 4.7.0 enough")])
def test_a_connection_gone_stale_costs_no_attempt(last, scripted_smtp, sender, tmp_path):
    """The server ends the kept connection instead of answering its next MAIL; a new one is used at once."""
    server = scripted_smtp([{}, {}])
    driver = sender(server.url, connections=1)
    assert driver.offer("n1")
    assert driver.outcome("n1")["outcome"] == "SENT"
    server.scripts[0]["mail"] = last
    assert driver.offer("n2")
    assert driver.outcome("n2")["outcome"] == "SENT"
    assert [mail.message["Message-ID"] for mail in server.mails] == ["<n1@soglia.test>", "<n2@soglia.test>"]
    assert len(server.commands) == 2


class SlowServer(SmtpServer):
    """Answers RCPT of addresses in slow.test only when released."""

    def __init__(self):
        super().__init__()
        self.released = False
        self.held = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.endswith("@slow.test"):
            self.held.append(address)
            while not self.released:
                await asyncio.sleep(0.01)
        return await super().handle_RCPT(server, session, envelope, address, options)


@pytest.fixture
def slow_smtp():
    server = SlowServer()
    server.start()
    yield server
    server.released = True
    server.stop()


def test_a_slow_domain_holds_half_the_connections(slow_smtp, sender):
    driver = sender(slow_smtp.url, connections=4, timeout="30s")
    for number in range(8):
        assert driver.offer(f"slow{number}", f"user{number}@SLOW.test".replace("SLOW", "slow"))
    for number in range(12):
        assert driver.offer(f"fast{number}", f"user{number}@fast.test")
    for number in range(12):
        assert driver.outcome(f"fast{number}")["outcome"] == "SENT"
    assert len(slow_smtp.held) == 2
    assert not [name for name in driver.order if name.startswith("slow")]
    slow_smtp.released = True
    for number in range(8):
        assert driver.outcome(f"slow{number}")["outcome"] == "SENT"


def test_one_address_holds_one_connection(slow_smtp, sender):
    driver = sender(slow_smtp.url, connections=4, timeout="30s")
    for number in range(3):
        assert driver.offer(f"slow{number}", "Ada@slow.test" if number else "ada@slow.test")
    assert driver.offer("other", "bob@slow.test")
    until(lambda: len(slow_smtp.held) == 2, 10, "both addresses to be tried")
    assert {address.lower() for address in slow_smtp.held} == {"ada@slow.test", "bob@slow.test"}
    slow_smtp.released = True
    for number in range(3):
        assert driver.outcome(f"slow{number}")["outcome"] == "SENT"


def test_full_queue_refuses_until_an_outcome(slow_smtp, sender):
    driver = sender(slow_smtp.url, connections=1, queue=3, timeout="30s")
    assert [driver.offer(f"n{number}", "ada@slow.test") for number in range(4)] == [True, True, True, False]
    slow_smtp.released = True
    driver.outcome("n0")
    assert driver.offer("n3", "ada@slow.test")
    assert driver.outcome("n3")["outcome"] == "SENT"


def test_forgotten_partition(slow_smtp, sender):
    """Waiting mails are dropped; the running one ends unheard; when the partition is back it is not sent again."""
    driver = sender(slow_smtp.url, connections=1, timeout="30s")
    for number in range(3):
        assert driver.offer(f"gone{number}", "ada@slow.test", partition=7)
    assert driver.offer("kept", "bob@fast.test", partition=1)
    until(lambda: slow_smtp.held, 10, "the first to run")
    driver.forget(7)
    slow_smtp.released = True
    assert driver.outcome("kept")["outcome"] == "SENT"
    assert driver.order == ["kept"]
    assert len(slow_smtp.mails) == 2
    assert driver.offer("gone0", "ada@slow.test", partition=7)
    assert driver.outcome("gone0")["outcome"] == "SENT"
    assert len(slow_smtp.mails) == 2


@pytest.mark.parametrize("point, mails", [("before_mail", 1), ("after_mail_reply", 2), ("after_outcome_logged", 1)])
def test_killed_around_the_reply(point, mails, smtp, sender):
    """Between the reply and the log is the one place where a mail repeats; behind it the log answers."""
    driver = sender(smtp.url, crash_at=point)
    driver.offer("n1")
    assert driver.wait() == CRASHED
    again = sender(smtp.url)
    assert again.offer("n1")
    assert again.outcome("n1")["outcome"] == "SENT"
    assert len(smtp.mails) == mails
    assert len({mail.raw for mail in smtp.mails}) == 1


def test_kill9_repeats_nothing_that_had_an_outcome(smtp, sender):
    """Killed again and again in full work, with no outcome ever committed: an attempt whose outcome came out is never repeated."""
    names = [f"n{number}" for number in range(60)]
    mails_then = {}  # Of each name when its outcome first came out; a kill before that may have repeated it.

    def mails_of_names():
        return Counter(mail.message["Message-ID"].partition("@")[0][1:] for mail in smtp.mails)

    for number in range(1, 6):
        driver = sender(smtp.url)
        for name in names:
            driver.offer(name, f"{name}@{name}.test")
        until(lambda: len(driver.order) >= 12 * number - 6, 20, "outcomes")
        driver.kill9()
        mails = mails_of_names()
        mails_then = {name: mails[name] for name, _ in list(driver.outcomes)} | mails_then
    last = sender(smtp.url)
    for name in names:
        last.offer(name, f"{name}@{name}.test")
        assert last.outcome(name)["outcome"] == "SENT"
    mails = mails_of_names()
    assert set(mails) == set(names)
    assert {name: mails[name] for name in mails_then} == mails_then
    # At each kill at most one mail a connection was between its reply and its log.
    assert mails.total() <= len(names) + 5 * 4


def test_settled_outcomes_leave_the_log(smtp, sender, tmp_path):
    driver = sender(smtp.url)
    for number in range(3):
        assert driver.offer(f"n{number}")
        driver.outcome(f"n{number}")
    log = tmp_path / "outcomes.log"
    assert log.stat().st_size > 0
    for number in range(3):
        driver.settle(f"n{number}")
    assert log.stat().st_size == 0


def test_two_senders_do_not_share_a_folder(smtp, sender):
    sender(smtp.url)
    second = sender(smtp.url)
    assert second.code == 1
    assert "in use by another process" in second.log()


@pytest.mark.parametrize("script, connections", [
    ({"dot": silence()}, 4), ({"rcpt": silence()}, 4), ({"greeting": silence()}, 4), ({"quit": silence()}, 1),
    ({"rcpt": reply("550 5.1.1 no"), "quit": silence()}, 4)])
def test_closes_in_time(script, connections, scripted_smtp, sender):
    server = scripted_smtp(script)
    driver = sender(server.url, timeout="5m")
    for number in range(6):
        assert driver.offer(f"n{number}", f"user{number}@domain{number}.test")
    server.wait_for_connections(connections)
    assert driver.end() < 4.5
    assert driver.code == 0


def test_a_mail_that_cannot_be_built_is_rejected(smtp, sender):
    driver = sender(smtp.url)
    bad = {"a": {"address": "no at sign"}, "b": {"address": "ada@exämple.org"}, "c": {"address": "äda@example.org"},
           "d": {"subject": "two\r\nBcc: everybody@example.org"}, "e": {"address": "ada@example.org\r\nBcc: x@example.org"},
           "f": {"address": "<ada@example.org>"}, "g": {"subject": "bell \a"}}
    for name, fields in bad.items():
        assert driver.offer(name, **fields)
    got = {name: driver.outcome(name) for name in bad}
    assert {one["outcome"] for one in got.values()} == {"REJECTED"}
    assert {one["code"] for one in got.values()} == {0}
    assert "punycode" in got["b"]["reply"] and "SMTPUTF8" in got["c"]["reply"] and "subject" in got["d"]["reply"]
    assert not smtp.mails


# Encryption and log-in.

def test_starttls_required(smtp_with, sender):
    server = smtp_with(tls="starttls")
    driver = sender(server.url, tls="required", ca_file=server.ca_path)
    assert driver.offer("n1")
    assert driver.outcome("n1")["outcome"] == "SENT"


def test_starttls_tried(smtp_with, sender):
    """Like mail servers among themselves: encrypted, whoever signed the certificate."""
    server = smtp_with(tls="starttls")
    driver = sender(server.url, tls="try")
    assert driver.offer("n1")
    assert driver.outcome("n1")["outcome"] == "SENT"


def test_try_goes_on_without_starttls(smtp, sender):
    driver = sender(smtp.url, tls="try")
    assert driver.offer("n1")
    assert driver.outcome("n1")["outcome"] == "SENT"


def test_smtps(smtp_with, sender):
    server = smtp_with(tls="implicit")
    driver = sender(server.url, tls="try", ca_file=server.ca_path)
    assert driver.offer("n1")
    assert driver.outcome("n1")["outcome"] == "SENT"


@pytest.mark.parametrize("server_tls", [None, "starttls"])
def test_refused_encryption_loses_no_mail(server_tls, smtp_with, sender):
    """No STARTTLS, or a certificate nobody vouches for."""
    server = smtp_with(tls=server_tls)
    driver = sender(server.url, tls="required")
    assert driver.offer("n1")
    got = driver.outcome("n1")
    assert (got["outcome"], got["ambiguous"]) == ("RETRY", False)
    assert not server.mails
    assert driver.log().count("the mail server refuses us") == 1


def test_a_password_is_not_tried_without_encryption(scripted_smtp, sender):
    """With a password "try" means "required": nobody between can have it by hiding STARTTLS."""
    server = scripted_smtp({"ehlo": reply("250-scripted.test\n250 AUTH PLAIN LOGIN")})
    driver = sender(server.url, tls="try", user="soglia", password=PASSWORD)
    assert driver.offer("n1")
    assert driver.outcome("n1")["outcome"] == "RETRY"
    assert not [line for said in server.commands for line in said if line.startswith(("AUTH", "MAIL"))]


def test_log_in(smtp_with, sender):
    server = smtp_with(tls="starttls", auth=("soglia", PASSWORD))
    driver = sender(server.url, tls="required", ca_file=server.ca_path, user="soglia", password=PASSWORD)
    assert driver.offer("n1")
    assert driver.outcome("n1")["outcome"] == "SENT"
    assert PASSWORD not in driver.log()


@pytest.mark.parametrize("answer, code", [("535 5.7.8 wrong password", 535), ("454 4.7.0 try later", 454)])
def test_refused_log_in_loses_no_mail_and_is_said_once(answer, code, scripted_smtp, sender):
    server = scripted_smtp({"ehlo": reply("250-scripted.test\n250 AUTH PLAIN LOGIN"), "auth": reply(answer)})
    driver = sender(server.url, user="soglia", password=PASSWORD)
    for number in range(5):
        assert driver.offer(f"n{number}")
    for number in range(5):
        got = driver.outcome(f"n{number}")
        assert (got["outcome"], got["code"], got["ambiguous"]) == ("RETRY", code, False), got
    assert driver.log().count("the mail server refuses us") == (1 if code == 535 else 0)
    assert PASSWORD not in driver.log() and PASSWORD not in json.dumps(list(driver.outcomes.values()))


# Settings and the check.

def check(url, **settings):
    return subprocess.run([driver_path(), "check"], env=environment(url, **settings), capture_output=True, text=True,
                          timeout=30, check=False)


def test_check_of_a_good_server(smtp_with):
    server = smtp_with(tls="starttls", auth=("soglia", PASSWORD))
    got = check(server.url, tls="required", ca_file=server.ca_path, user="soglia", password=PASSWORD)
    assert (got.returncode, got.stderr) == (0, "")
    assert got.stdout == f"mail server {server.url}: ready, encrypted, certificate checked, logged in\n"
    assert not server.mails


@pytest.mark.parametrize("script, settings, words", [
    ({"greeting": reply("554 5.3.2 no service")}, {}, "554 5.3.2 no service"),
    ({"greeting": silence()}, {"timeout": "1s"}, "imed out"),
    ({}, {"tls": "required"}, "smtp.tls"),
    ({"ehlo": reply("250-scripted.test\n250 AUTH PLAIN"), "auth": reply("535 5.7.8 wrong password")},
     {"user": "soglia", "password": PASSWORD}, "535 5.7.8 wrong password"),
])
def test_check_says_what_is_wrong(script, settings, words, scripted_smtp):
    server = scripted_smtp(script)
    got = check(server.url, **settings)
    assert got.returncode == 1 and got.stdout == ""
    assert got.stderr.startswith(f"retry: mail server {server.url}: ") and words in got.stderr
    assert got.stderr.count("\n") == 1 and PASSWORD not in got.stderr


@pytest.mark.parametrize("settings, words", [
    ({"url": ""}, "smtp.url is empty: set it"),
    ({"url": "http://localhost"}, "smtp.url: must be"),
    ({"url": f"smtp://soglia:{PASSWORD}@localhost"}, "smtp.user and smtp.password"),
    ({"url": "smtp://localhost:25/name"}, "smtp.hello"),
    ({"from": "soglia"}, 'smtp.from: "soglia": address: has no @'),
    ({"user": "soglia"}, "set both or none"),
    ({"hello": "not a host"}, "smtp.hello"),
    ({"url": "smtps://localhost", "tls": "off"}, "smtp.tls is off"),
    ({"link_base": "soglia.example"}, "mail.link_base: must be"),
    ({"link_base": "https://ada:pw@soglia.example/"}, "mail.link_base: must be"),
    ({"link_base": "https://soglia.example/?x=y"}, "mail.link_base: must be"),
    ({"link_base": "https://soglia.example/#x"}, "mail.link_base: must be"),
    ({"link_base": "javascript://soglia.example/"}, "mail.link_base: must be"),
])
def test_settings_that_cannot_work(settings, words, sender):
    driver = sender(**({"url": "smtp://localhost:1"} | settings))
    assert driver.wait() == 1
    assert words in driver.log() and PASSWORD not in driver.log()
    assert driver.log().startswith("fatal: ") and driver.log().count("\n") == 1


# The mail itself, read by Python's parser.

def build(letters, **settings):
    """The mails as bytes, or why they cannot be."""
    lines = "".join(json.dumps(one) + "\n" for one in letters)
    done = subprocess.run([driver_path(), "build"], env=environment("smtp://localhost", **settings), text=True,
                          input=lines, capture_output=True, timeout=30, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


SUBJECTS = ["AAPL above 190", "", " ", "Größer als 190 €", "=?UTF-8?B?QQ==?= not encoded", "x" * 500, "🚀" * 60,
            "漢字" * 50, "a" * 38 + "é", "é" * 19 + "b" * 40, "ends in a blank ", "tab-free: \u00a0 nbsp", '"quotes" <and> (brackets)']
TEXTS = ["AAPL: 191.5\n", "no line end", "", "\n", ".\n..\n.dots\n", "From the start\n", "trailing \nblanks\t\n", "a=b\n",
         "x" * 5000, "Grüße 🚀 " * 300, "cr\rlf\ncrlf\r\nend", "--=_boundary\n--\n", "\u0000\u0001 control\n"]


def test_pythons_parser_reads_every_mail():
    letters = [letter(f"n{number}", subject=subject) for number, subject in enumerate(SUBJECTS)]
    letters += [letter(f"t{number}", text=text, html=f"<p>{text}</p>") for number, text in enumerate(TEXTS)]
    letters += [letter(f"p{number}", text=text) for number, text in enumerate(TEXTS)]
    for one, answer in zip(letters, build(letters), strict=True):
        raw = answer["mail"].encode()
        assert raw.isascii() and raw.endswith(b"\r\n")
        lines = raw.split(b"\r\n")
        assert all(len(line) <= 78 and b"\r" not in line and b"\n" not in line for line in lines), max(lines, key=len)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert not message.defects and not any(header.defects for header in message.values())
        assert message["Subject"] == one["subject"] or message["Subject"].strip() == one["subject"].strip()
        assert message["To"] == "<ada@example.org>" or message["To"].addresses[0].addr_spec == "ada@example.org"
        assert message["From"].addresses[0].display_name == "soglia"
        assert message["From"].addresses[0].addr_spec == "alerts@soglia.test"
        assert message["Date"].datetime.timestamp() * 1000 == CREATED_AT
        assert message["Date"] == "Sat, 21 Nov 2026 10:00:00 +0000"
        assert message["Message-ID"] == f"<{one['id']}@soglia.test>"
        assert message["Auto-Submitted"] == "auto-generated"
        assert content(message.get_body(("plain",))) == lines_of(one["text"])
        if one["html"] is None:
            assert not message.is_multipart()
        else:
            assert message.get_content_type() == "multipart/alternative"
            assert content(message.get_body(("html",))) == lines_of(one["html"])


def content(part):
    return lines_of(part.get_payload(decode=True).decode())


def lines_of(text):
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")


@pytest.mark.parametrize("name", ["soglia", "Soglia, the watcher", 'The "watcher"', "Größe", "g" * 200, "back\\slash", ""])
def test_display_names(name):
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    [answer] = build([letter("n1")], **{"from": f'"{quoted}" <alerts@soglia.test>' if name else "alerts@soglia.test"})
    sender_address = email.message_from_string(answer["mail"], policy=email.policy.default)["From"].addresses[0]
    assert (sender_address.display_name, sender_address.addr_spec) == (name, "alerts@soglia.test")


def test_an_id_that_is_no_word_is_hashed():
    odd, same, long = build([letter("a b>c"), letter("a b>c"), letter("x" * 300)])
    assert odd == same
    for answer in (odd, long):
        identity = email.message_from_string(answer["mail"])["Message-ID"]
        assert len(identity) == len("<@soglia.test>") + 32 and identity.endswith("@soglia.test>")


# Lists, threads and the link. The driver's token is "<user>.<subscription>".

BASE = "https://soglia.test/app/"
HTML = "<!DOCTYPE html><html><body><p>191.5</p></body></html>"
TEXT = "AAPL rose above 190.\n\n-- \nInstrument   stock:AAPL\n"


def parsed(answer):
    raw = answer["mail"].encode()
    assert raw.isascii() and all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in raw.split(b"\r\n"))
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert not message.defects and not any(header.defects for header in message.values())
    return message


def test_one_click_as_rfc_8058_wants_it():
    for base in (BASE, BASE.removesuffix("/")):
        answer, = build([letter("n1", text=TEXT, html=HTML, subscription="s-1")], link_base=base)
        message = parsed(answer)
        link = f"{BASE}u/u-1.s-1"
        assert [value.strip() for value in message.get_all("List-Unsubscribe")] == [f"<{link}>"]
        assert message.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
        assert message["List-Id"] == "Alerts <alerts.soglia.test>"
        assert message["Auto-Submitted"] == "auto-generated"
        plain, html = (content(message.get_body((kind,))) for kind in ("plain", "html"))
        assert plain.split("\n-- \n")[0].endswith(f"\n{link}\n")  # In front of the signature, which readers fold away.
        assert f'<a href="{link}"' in html.partition("</body>")[0]


def test_without_a_base_or_a_subscription_there_is_no_link():
    for one, base in ((letter("n1", subscription="s-1"), ""), (letter("n1"), BASE)):
        message = parsed(build([one], link_base=base)[0])
        assert not message.get_all("List-Unsubscribe") and not message.get_all("List-Unsubscribe-Post")
        assert content(message.get_body(("plain",))) == lines_of(one["text"])


def test_one_click_is_not_offered_without_encryption():
    message = parsed(build([letter("n1", subscription="s-1")], link_base="http://localhost:8080")[0])
    assert message["List-Unsubscribe"].strip() == "<http://localhost:8080/u/u-1.s-1>"
    assert message["List-Unsubscribe-Post"] is None


def test_the_mails_of_an_alert_are_one_thread():
    one, same, other = map(parsed, build([letter("n1", subscription="s-1"), letter("n2", subscription="s-1"),
                                          letter("n3", subscription="s-2")]))
    assert one["References"] == one["In-Reply-To"] == same["References"] != other["References"]
    assert one["Message-ID"] != same["Message-ID"] and one["References"] != one["Message-ID"]
    assert one["References"].startswith("<thread-") and one["References"].endswith("@soglia.test>")


@pytest.mark.parametrize("name", ["s>\r\nBcc: all@example.org", "s\nX: y", "<s>", "é", "s" * 200, 'x" onclick="y'])
def test_a_hostile_subscription_begins_no_header(name):
    """With the driver's token, which hides nothing: such a link is refused, whatever made it."""
    bare, = build([letter("n1", subscription=name)])
    assert set(parsed(bare).keys()) >= {"References", "List-Id"} and parsed(bare)["Bcc"] is None
    linked, = build([letter("n1", html=HTML, subscription=name)], link_base=BASE)
    if "mail" in linked:
        assert parsed(linked).keys() == parsed(build([letter("n1", html=HTML, subscription="s")], link_base=BASE)[0]).keys()
    else:
        assert "link" in linked["refused"]


@pytest.mark.parametrize("subject", ["Team\r\nBcc: all@example.org: AAPL rose", "a\nX: y", "a\x00b", "a\x1b[31m"])
def test_a_hostile_label_begins_no_header(subject):
    """The label stands in the subject."""
    refused, = build([letter("n1", subject=subject, subscription="s-1")], link_base=BASE)
    assert "subject" in refused["refused"]


def test_a_hostile_name_begins_no_header():
    """The user's name stands in the text: nothing there is a header, not even where encoding ends a line."""
    text = "Hello x\r\nBcc: all@example.org\r\n\r\n,\n" + TEXT
    message = parsed(build([letter("n1", text=text, html=HTML, subscription="s-1")], link_base=BASE)[0])
    assert message["Bcc"] is None and "Bcc: all@example.org" in content(message.get_body(("plain",)))


def test_a_repeated_attempt_is_the_same_mail():
    one, same = build([letter("n1", html=HTML, subscription="s-1")] * 2, link_base=BASE)
    assert one == same


def test_dots_arrive_as_written(smtp, sender):
    """libcurl stuffs the dots: a line with one alone must not end the mail."""
    driver = sender(smtp.url)
    text = ".\n..\n.dot\n" + "x" * 74 + ".\n" + "." * 200 + "\n"
    assert driver.offer("n1", text=text)
    assert driver.outcome("n1")["outcome"] == "SENT"
    assert content(smtp.mails[0].message) == lines_of(text)
    assert (smtp.mails[0].sender, smtp.mails[0].recipients) == ("alerts@soglia.test", ["ada@example.org"])
