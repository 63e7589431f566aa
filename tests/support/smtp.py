"""A real SMTP receiver (aiosmtpd) for the good paths."""
import asyncio
import email
import email.policy
import ssl
import time
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from functools import cached_property

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from support.certificate import self_signed
from support.ports import free_port
from support.wait import until


@dataclass
class Mail:
    """A mail as it was taken: the envelope, and the bytes between DATA and the final dot. `connection` is what stands for it."""

    sender: str
    recipients: list
    raw: bytes
    connection: object
    received_at: float

    @classmethod
    def taken(cls, sender, recipients, raw, connection):
        return cls(sender, list(recipients), raw, connection, time.time())

    @cached_property
    def headers(self):
        """Those of the whole mail alone, which cost less than its parts: a storm brings thousands."""
        return BytesHeaderParser(policy=email.policy.default).parsebytes(self.raw)

    @cached_property
    def message(self):
        return email.message_from_bytes(self.raw, policy=email.policy.default)


class SmtpServer:
    """Takes mail on a free loopback port and keeps it in `mails`.

    tls: None, "starttls" (required) or "implicit", with a certificate of its own (`ca_path`, made in `folder`).
    auth: (user, password) that must be given.
    `recipient_replies` refuses addresses: {"gone@example.org": "550 5.1.1 no such user"}.
    `reply_after_s`: how long the server thinks about a mail that it has taken.
    """

    def __init__(self, folder=None, tls=None, auth=None):
        self.mails = []
        self.recipient_replies = {}
        self.reply_after_s = 0
        self.port = free_port()
        self.auth = auth
        self.ca_path = None
        options = {"auth_require_tls": tls is not None}
        if tls is not None:
            self.ca_path, context = _certificate(folder)
            options |= {"ssl_context": context} if tls == "implicit" else {"tls_context": context, "require_starttls": True}
        if auth is not None:
            options |= {"authenticator": self._authenticate, "auth_required": True}
        self.url = f"{'smtps' if tls == 'implicit' else 'smtp'}://127.0.0.1:{self.port}"
        self._options = options
        self._controller = None

    def start(self):
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()
        return self

    def stop(self):
        """Closes the port; start() opens the same one again. The mails stay."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def wait_for(self, count, timeout_s=10):
        """The mails, once there are at least so many."""
        until(lambda: len(self.mails) >= count, timeout_s, lambda: f"{count} mails; there are {len(self.mails)}")
        return list(self.mails)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        refusal = self.recipient_replies.get(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server, session, envelope):
        self.mails.append(Mail.taken(envelope.mail_from, envelope.rcpt_tos, envelope.original_content, session))
        await asyncio.sleep(self.reply_after_s)
        return f"250 2.0.0 Ok: queued as {len(self.mails)}"

    def _authenticate(self, _server, _session, _envelope, _mechanism, data):
        given = tuple(part.decode() for part in (data.login, data.password))
        # "handled" would mean that the reply has been sent.
        return AuthResult(success=given == tuple(self.auth), handled=False)


def _certificate(folder):
    """A self-signed certificate: the path of its PEM file and a server context."""
    ca_path, key_path = self_signed(folder, "smtp")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_path, key_path)
    return ca_path, context
