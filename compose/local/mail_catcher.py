#!/usr/bin/python3
"""Catches the mails of a local installation: takes every mail, passes none on, shows them to a reader.

mail_catcher.py FOLDER keeps them as .eml files in the Maildir FOLDER and as a web page, both on the loopback
address only, unless a container gives it another. Needs Debian's python3-aiosmtpd.
"""
import argparse
import email
import email.policy
import email.utils
import html
import http.server
import itertools
import os
import signal
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from aiosmtpd.controller import Controller

LOOPBACK = "127.0.0.1"
LISTED_MAX = 200  # Mails on the page; older ones stay in the folder.
MAIL_MAX_BYTES = 8 * 1024 * 1024
# The page runs no script and loads nothing; a mail's own HTML may besides show its own styles.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'"
STYLE = """body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top }
tr + tr { border-top: 1px solid #8884 } pre { white-space: pre-wrap; padding: 1rem; border: 1px solid #8884 }
iframe { width: 100%; height: 32rem; border: 1px solid #8884; background: white }"""


class Maildir:
    """Mails as files, each written beside and moved in whole."""

    def __init__(self, folder):
        self.folder = folder
        self._numbers = itertools.count(1)
        for name in ("cur", "new", "tmp"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def add(self, content):
        name = f"{time.time_ns() // 1000}.{os.getpid()}_{next(self._numbers)}.soglia.eml"
        written = self.folder / "tmp" / name
        with open(written, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        written.rename(self.folder / "new" / name)

    def newest(self):
        """The last mails by name, newest first. A mail reader may have moved some to cur, with flags behind the name."""
        files = [*(self.folder / "new").iterdir(), *(self.folder / "cur").iterdir()]
        return sorted(files, key=lambda file: file.name, reverse=True)[:LISTED_MAX]

    def find(self, name):
        return next((file for file in self.newest() if file.name == name), None)


class Receiver:
    """The SMTP side."""

    def __init__(self, maildir):
        self.maildir = maildir

    async def handle_DATA(self, _server, session, envelope):
        host = session.peer[0] if session.peer else "unknown"
        received = f"Return-Path: <{envelope.mail_from}>\r\nReceived: from {host} by mail_catcher; {email.utils.formatdate()}\r\n"
        self.maildir.add(received.encode() + envelope.original_content)
        return "250 2.0.0 Ok: caught"


def parsed(file):
    return email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


def body(message, kind):
    """The text of the part of this kind, None without one. Whatever is in it, something readable comes out."""
    part = message.get_body((kind,))
    return None if part is None else (part.get_payload(decode=True) or b"").decode(errors="replace")


def page(title, content, refresh=False):
    again = '<meta http-equiv="refresh" content="5">' if refresh else ""
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>{again}'
            f"<style>{STYLE}</style><body><h1>{html.escape(title)}</h1>{content}</body></html>")


def list_page(maildir):
    rows = []
    for file in maildir.newest():
        message = parsed(file)
        cells = (html.escape(str(message[name] or "")) for name in ("Date", "To", "Subject"))
        date, to, subject = cells
        rows.append(f'<tr><td>{date}<td>{to}<td><a href="/mail/{quote(file.name)}">{subject or "(no subject)"}</a>')
    table = f"<table><tr><th>Date<th>To<th>Subject{''.join(rows)}</table>" if rows else "<p>No mail yet.</p>"
    return page("Mails caught", f"{table}<p>Files: {html.escape(str(maildir.folder))}/new</p>", refresh=True)


def mail_page(file):
    message = parsed(file)
    address = f"/mail/{quote(file.name)}"
    headers = "".join(f"<tr><th>{html.escape(name)}<td>{html.escape(str(value))}" for name, value in message.items())
    text = body(message, "plain")
    parts = [f'<p><a href="/">All mails</a> · <a href="{address}/raw">As sent</a></p><table>{headers}</table>']
    if text is not None:
        parts.append(f"<h2>Text</h2><pre>{html.escape(text)}</pre>")
    if body(message, "html") is not None:
        parts.append(f'<h2>HTML</h2><iframe sandbox title="HTML of the mail" src="{address}/html"></iframe>')
    return page(str(message["Subject"] or "(no subject)"), "".join(parts))


class Reader(http.server.BaseHTTPRequestHandler):
    """The web side: GET only, for browsers on this machine."""

    maildir = None  # Set for the class before it serves.
    server_version = "mail_catcher"
    timeout = 30

    def do_GET(self):
        # A page of somebody else's, reached under a name that was pointed here, gets nothing.
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in (LOOPBACK, "localhost"):
            self._answer(403, "text/plain", PAGE_POLICY, "only for this machine\n")
            return
        self._answer(*self._find(urlsplit(self.path).path))

    do_HEAD = do_GET

    def _find(self, path):
        if path == "/":
            return 200, "text/html", PAGE_POLICY, list_page(self.maildir)
        words = path.split("/")
        file = self.maildir.find(unquote(words[2])) if len(words) in (3, 4) and words[1] == "mail" else None
        if file is not None and len(words) == 3:
            return 200, "text/html", PAGE_POLICY, mail_page(file)
        if file is not None and words[3] == "raw":
            return 200, "text/plain", PAGE_POLICY, file.read_bytes().decode(errors="replace")
        if file is not None and words[3] == "html":
            return 200, "text/html", MAIL_POLICY, body(parsed(file), "html") or ""
        return 404, "text/plain", PAGE_POLICY, "no such page\n"

    def _answer(self, status, kind, policy, text):
        content = text.encode()
        self.send_response(status)
        for name, value in (("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(content))),
                            ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"),
                            ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store")):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_):
        """Says nothing: the terminal is for the mails' address alone."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="Maildir to keep the mails in")
    parser.add_argument("--address", default=LOOPBACK, help="what to listen at")
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument("--http-port", type=int, default=8025)
    given = parser.parse_args()

    # Blocked in every thread and waited for below, so that no handler runs in the middle of something.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    Reader.maildir = Maildir(given.folder.resolve())
    receiver = Controller(Receiver(Reader.maildir), hostname=given.address, port=given.smtp_port, data_size_limit=MAIL_MAX_BYTES)
    try:
        web = http.server.ThreadingHTTPServer((given.address, given.http_port), Reader)
        receiver.start()
    except OSError as error:
        sys.exit(f"mail_catcher: ports {given.smtp_port} and {given.http_port} of {given.address}: {error.strerror}")
    threading.Thread(target=web.serve_forever, daemon=True).start()
    print(f"Mails sent to smtp://{given.address}:{given.smtp_port} are at http://{given.address}:{given.http_port} "
          f"and in {Reader.maildir.folder}/new", flush=True)
    signal.sigwait(ends)
    web.shutdown()
    receiver.stop()


if __name__ == "__main__":
    main()
