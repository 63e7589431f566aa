"""A whole installation that several tests share: each brings users of its own."""
import contextlib
import itertools
import json
import time
import urllib.parse
import uuid

from support.process import Processes
from support.smtp import SmtpServer
from support.soglia import Soglia
from support.wait import until

PASSWORD = "correct horse battery"
MERGE = {"Content-Type": "application/merge-patch+json"}
WAIT_S = 20


class Person:
    """Somebody who is registered and logged in."""

    def __init__(self, site, email, token, user):
        self.site, self.email, self.token, self.user = site, email, token, user

    def ask(self, method, path, **options):
        return self.site.soglia.ask(method, path, self.token, **options)

    def subscribe(self, instrument, **fields):
        """A new subscription, as answered."""
        answer = self.ask("POST", "/v1/subscriptions", json={"instrument": instrument, **fields})
        assert answer.status_code == 201, answer.text
        return answer

    def get(self, path, behind=None):
        """A read that sees the write answered `behind`."""
        headers = {} if behind is None else {"Soglia-Min-Position": behind.headers["Soglia-Position"]}
        answer = self.ask("GET", path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer


class Site:
    def __init__(self, kafka, folder):
        self.kafka = kafka
        self.prefix = f"t{uuid.uuid4().hex[:10]}-"
        self.processes = Processes(folder)
        self.smtp = SmtpServer().start()
        self.soglia = Soglia(self.processes, kafka.brokers, self.prefix, self.smtp.url)
        self.soglia.settings["auth.password_memory"] = "8KiB"
        self.soglia.settings["auth.password_passes"] = "1"
        self.soglia.settings["auth.address_attempts"] = "100000"
        self.process = None
        self._numbers = itertools.count()

    def start(self):
        self.soglia.run("topics", "apply")
        self._run()
        return self

    def _run(self):
        self.process = self.soglia.start("run", "all")
        self.soglia.wait_ready(self.process)

    @contextlib.contextmanager
    def away(self):
        """It does not run meanwhile."""
        assert self.process.end() == 0
        try:
            yield
        finally:
            self._run()

    def end(self):
        self.processes.end()
        self.smtp.stop()
        self.kafka.delete_topics(self.prefix)

    def new_email(self):
        return f"person{next(self._numbers)}@example.org"

    def person(self, **fields):
        """Registers somebody new and logs in."""
        email = self.new_email()
        answer = self.soglia.ask("POST", "/v1/users", json={"email": email, "password": PASSWORD, **fields})
        assert answer.status_code == 201, answer.text
        return Person(self, email, self.log_in(email), answer.json())

    def log_in(self, email, password=PASSWORD):
        answer = self.soglia.ask("POST", "/v1/sessions", json={"email": email, "password": password})
        assert answer.status_code == 201, answer.text
        return answer.json()["token"]

    def quote(self, instrument, value):
        line = json.dumps({"instrument": instrument, "value": value})
        self.soglia.run("produce", "quotes.json", stdin=line.encode() + b"\n")

    def kcat(self, *quotes):
        """Quotes as people produce them: dicts, one line each."""
        lines = "".join(json.dumps(quote) + "\n" for quote in quotes)
        argv = ["kcat", "-P", "-b", self.kafka.brokers, "-t", f"{self.prefix}quotes.json"]
        result = self.processes.run("kcat", argv, stdin=lines.encode())
        assert result.code == 0, result.stderr

    def series(self, instrument, values, step_ms=60_000):
        """A past of these values, the last one a step ago. Returns when it can be read."""
        begin = int(time.time() * 1000) - len(values) * step_ms
        self.kcat(*({"instrument": instrument, "value": value, "event_time": begin + i * step_ms} for i, value in enumerate(values)))
        path = f"/v1/instruments/{urllib.parse.quote(instrument, safe='')}"
        until(lambda: self.soglia.get(path).json().get("value") == values[-1], WAIT_S, f"{values[-1]} of {instrument}")

    def mails_to(self, email):
        return [mail for mail in self.smtp.mails if mail.recipients == [email]]

    def wait_for_mails(self, email, count):
        """The mails to an address, once there are so many."""
        until(lambda: len(self.mails_to(email)) >= count, WAIT_S, lambda: f"{count} mails to {email}; there are {len(self.mails_to(email))}")
        return self.mails_to(email)
