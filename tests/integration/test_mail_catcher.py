"""The local mail catcher: what a mail client sends can be read as files and in a browser."""
import email
import email.policy
import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from support.ports import free_port
from support.wait import until

PROGRAM = Path(__file__).resolve().parents[2] / "compose/local/mail_catcher.py"


class Catcher:
    def __init__(self, processes, folder):
        self.folder = folder
        self.smtp_port, http_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{http_port}"
        self.process = processes.start("catcher", [sys.executable, PROGRAM, folder, "--smtp-port", self.smtp_port,
                                                   "--http-port", http_port])
        until(lambda: self.process.stdout_path.read_text() or not self.process.running, 10, "the catcher to start")

    def get(self, path, **headers):
        return requests.get(self.url + path, headers=headers, timeout=10)

    def send(self, subject="Größer <b>", text="Hallo & <x>\n", html="<p>191.5</p><script>alert(1)</script>"):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "soglia@example.org", "ada@example.org", subject
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as client:
            client.send_message(message)


@pytest.fixture
def catcher(processes, tmp_path):
    return Catcher(processes, tmp_path / "mails")


def test_mails_are_files(catcher):
    for number in range(3):
        catcher.send(subject=f"number {number}")
    files = sorted((catcher.folder / "new").glob("*.eml"))
    mails = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
    assert [mail["Subject"] for mail in mails] == ["number 0", "number 1", "number 2"]
    assert not list((catcher.folder / "tmp").iterdir())


def test_mails_are_a_page(catcher):
    assert "No mail yet" in catcher.get("/").text
    catcher.send()
    page = catcher.get("/").text
    assert "Größer &lt;b&gt;" in page and "ada@example.org" in page
    [file] = (catcher.folder / "new").iterdir()
    mail = catcher.get(f"/mail/{file.name}")
    assert "<pre>Hallo &amp; &lt;x&gt;" in mail.text and "<script" not in mail.text
    shown = catcher.get(f"/mail/{file.name}/html")
    assert "<p>191.5</p>" in shown.text
    assert shown.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert catcher.get(f"/mail/{file.name}/raw").headers["Content-Type"].startswith("text/plain")


def test_other_pages_get_nothing(catcher):
    catcher.send()
    assert catcher.get("/", Host="evil.example").status_code == 403
    assert catcher.get("/mail/..%2f..%2fetc%2fpasswd").status_code == 404
    assert catcher.get("/mail/nothing").status_code == 404
    assert requests.post(catcher.url + "/", timeout=10).status_code == 501


def test_it_ends_when_asked_and_says_where_to_read(catcher):
    assert catcher.url in catcher.process.stdout_path.read_text()
    assert catcher.process.end() == 0
