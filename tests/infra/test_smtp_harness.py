"""The two SMTP servers, tried with Python's own client."""
import errno
import smtplib
import socket
import ssl
import time

import pytest

from support.scripted_smtp import GOOD, ScriptedSmtp, close, partial, reply, reset, silence

MAIL = b"Subject: hello\r\n\r\n.dot\r\nend\r\n"


def send(server, body=MAIL, timeout_s=5):
    with smtplib.SMTP("127.0.0.1", server.port, timeout=timeout_s) as client:
        client.sendmail("a@example.org", ["b@example.org"], body)


def test_a_mail_is_kept_whole(smtp):
    before = time.time()
    send(smtp)
    mail, = smtp.wait_for(1)
    assert (mail.sender, mail.recipients, mail.raw) == ("a@example.org", ["b@example.org"], MAIL)
    assert mail.message["Subject"] == "hello"
    assert before <= mail.received_at <= time.time()


def test_a_missing_mail_is_told(smtp):
    with pytest.raises(AssertionError, match="1 mails; there are 0"):
        smtp.wait_for(1, timeout_s=0.1)


def test_an_address_can_be_refused(smtp):
    smtp.recipient_replies["b@example.org"] = "550 5.1.1 no such user"
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(smtp)
    assert refused.value.recipients["b@example.org"] == (550, b"5.1.1 no such user")
    assert smtp.mails == []


def test_a_server_comes_back_on_its_port(smtp):
    smtp.stop()
    with pytest.raises(ConnectionRefusedError):
        send(smtp)
    smtp.start()
    send(smtp)
    smtp.wait_for(1)


def test_starttls_and_auth(smtp_with):
    server = smtp_with(tls="starttls", auth=("user", "secret"))
    context = ssl.create_default_context(cafile=server.ca_path)
    with smtplib.SMTP("localhost", server.port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("a@example.org", ["b@example.org"], MAIL)
        client.starttls(context=context)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("user", "wrong")
        client.login("user", "secret")
        client.sendmail("a@example.org", ["b@example.org"], MAIL)
    server.wait_for(1)


def test_implicit_tls(smtp_with):
    server = smtp_with(tls="implicit")
    context = ssl.create_default_context(cafile=server.ca_path)
    with smtplib.SMTP_SSL("127.0.0.1", server.port, timeout=5, context=context) as client:
        client.sendmail("a@example.org", ["b@example.org"], MAIL)
    server.wait_for(1)
    with pytest.raises(ssl.SSLCertVerificationError):
        smtplib.SMTP_SSL("127.0.0.1", server.port, timeout=5, context=ssl.create_default_context())


class Line:
    """A client that shows what the server did, not what a library made of it."""

    def __init__(self, server):
        self.sock = socket.socket()
        self.sock.settimeout(30)
        # A reset in place of the greeting may come before connect() returns.
        self.reset = self.sock.connect_ex(("127.0.0.1", server.port)) == errno.ECONNRESET

    def say(self, text):
        if text:
            self.sock.sendall(text)

    def hear(self):
        """What came: bytes, b"" when closed, "reset" or "silence"."""
        if self.reset:
            return "reset"
        try:
            return self.sock.recv(4096)
        except ConnectionResetError:
            return "reset"
        except TimeoutError:
            return "silence"

    def reach(self, step, limit_s):
        """Goes through the dialogue up to the step, and returns what the server did there within the limit."""
        said = {"greeting": b"", "ehlo": b"EHLO test\r\n", "mail": b"MAIL FROM:<a@example.org>\r\n",
                "rcpt": b"RCPT TO:<b@example.org>\r\n", "data": b"DATA\r\n", "body": b"one line\r\n", "dot": b".\r\n",
                "quit": b"QUIT\r\n"}
        for name, text in said.items():
            self.say(text)
            if name == step:
                self.sock.settimeout(limit_s)
                return self.hear()
            if name != "body":
                self.hear()


ACTS = [
    (close(), b""),
    (reset(), "reset"),
    (silence(), "silence"),
    (partial("25"), b"25"),
    (reply("421 4.3.2 shutting down"), b"421 4.3.2 shutting down\r\n"),
    (reply("554 5.7.1 no"), b"554 5.7.1 no\r\n"),
]


@pytest.mark.parametrize("step", ["greeting", "ehlo", "mail", "rcpt", "data", "body", "dot", "quit"])
@pytest.mark.parametrize("act, heard", ACTS, ids=[act.kind + act.text[:3] for act, _ in ACTS])
def test_each_step_misbehaves_as_told(scripted_smtp, step, act, heard):
    server = scripted_smtp({step: act})
    line = Line(server)
    assert line.reach(step, limit_s=0.3 if heard == "silence" else 30) == heard
    if act.kind == "partial" or act.text.startswith("421"):
        assert line.hear() == b""
    assert len(server.mails) == (1 if step == "quit" else 0)
    line.sock.close()


@pytest.mark.parametrize("act", [close(stored=True), reset(stored=True), silence(stored=True), partial("25", stored=True)])
def test_a_mail_can_be_taken_and_the_reply_lost(scripted_smtp, act):
    server = scripted_smtp({"dot": act})
    with pytest.raises((smtplib.SMTPServerDisconnected, TimeoutError, smtplib.SMTPDataError, ConnectionResetError)):
        send(server, timeout_s=2)
    mail, = server.wait_for(1)
    assert mail.raw == MAIL


def test_each_connection_has_its_script_and_the_last_one_stays(scripted_smtp):
    server = scripted_smtp([{"rcpt": reply("450 4.2.0 later")}, {}])
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(server)
    send(server)
    send(server)
    assert len(server.mails) == 2
    assert [said[-1] for said in server.commands] == ["QUIT"] * 3
    assert server.commands[1][1:3] == ["mail FROM:<a@example.org>", "rcpt TO:<b@example.org>"]


def test_auth_is_scripted(scripted_smtp):
    server = scripted_smtp({"ehlo": reply("250-scripted.test\n250 AUTH PLAIN"), "auth": reply("535 5.7.8 wrong")})
    with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login("user", "secret")


def test_a_step_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="no such step: rpct"):
        ScriptedSmtp({"rpct": close()})


def test_every_good_reply_is_a_good_one():
    assert all(text[0] in "23" for text in GOOD.values())
