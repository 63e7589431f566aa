"""People register over HTTP while accounts and serve die: each accepted one exists once, each refused one not at all."""
import threading
from collections import Counter

import pytest
import requests

from storm import WAIT_S, Roles
from support.site import PASSWORD
from support.wait import until

PEOPLE_LONG, PEOPLE_SHORT = 10_000, 1_000
KILLS_LONG, KILLS_SHORT = 200, 20
CLIENTS = 16
ASK_S = 10
TWICE = 20  # One in so many addresses is registered by two people at once.
WRONG = 25  # One in so many is refused for what it says.
FINAL = {201, 400, 409}


class Registration:
    """What one person asks for under one key, as often as it takes."""

    def __init__(self, number):
        wrong = number % WRONG == 3
        self.email = f"person{number - number % TWICE % 2}@example.org" if number % TWICE < 2 else f"person{number}@example.org"
        self.key = f"key-{number}"
        self.body = {"email": self.email, "password": PASSWORD, "time_zone": "Nowhere/Atall" if wrong else "UTC",
                     "display_name": f"number {number}"}
        self.answer = None

    def ask(self, session, url):
        """One attempt. True when the answer is one that stays."""
        try:
            answer = session.post(url, json=self.body, headers={"Idempotency-Key": self.key}, timeout=ASK_S)
        except requests.RequestException:
            return False
        at_work = answer.status_code == 409 and "at work" in answer.json()["detail"]
        if answer.status_code not in FINAL or at_work:
            assert answer.status_code in {409, 503, 504}, answer.text
            return False
        self.answer = answer
        return True


class Crowd:
    """Threads that register everybody, each as often as it takes."""

    def __init__(self, url, registrations):
        self._url, self._left, self._lock = url, list(reversed(registrations)), threading.Lock()
        self._wrong = []
        self.done = 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _work(self):
        try:
            with requests.Session() as session:
                while (one := self._next()) is not None:
                    until(lambda: one.ask(session, self._url), WAIT_S, f"the answer to {one.key}")
                    with self._lock:
                        self.done += 1
        except AssertionError as wrong:
            self._wrong.append(wrong)

    def _next(self):
        with self._lock:
            return self._left.pop() if self._left else None

    def pass_on(self, count):
        until(lambda: self.done >= count or self._wrong, WAIT_S, f"{count} answers")

    def end(self):
        for thread in self._threads:
            thread.join(WAIT_S)
            assert not thread.is_alive()
        assert not self._wrong, self._wrong[0]


@pytest.mark.timeout(2400)
def test_who_was_accepted_exists_once(line, soglia, dice, long, verdict):
    people, kills = (PEOPLE_LONG, KILLS_LONG) if long else (PEOPLE_SHORT, KILLS_SHORT)
    soglia.settings.update({"auth.password_memory": "8KiB", "auth.password_passes": "1", "auth.address_attempts": "100000"})
    registrations = [Registration(number) for number in range(people)]
    roles = Roles(soglia, {"accounts": ("run", "accounts"), "serve": ("serve",)})
    soglia.wait_ready(roles.running["serve"])
    crowd = Crowd(f"http://{soglia.listen}/v1/users", registrations)
    for at in range(kills):
        crowd.pass_on((at * people + dice.randrange(people)) // (kills + 1))
        roles.kill(dice.choice(("accounts", "serve")))
    crowd.end()
    assert set(roles.end().values()) == {0}

    exists = Counter((one.value["email"], one.value["display_name"]) for one in line.read("users"))
    accepted = Counter((one.email, one.body["display_name"]) for one in registrations if one.answer.status_code == 201)
    verdict.lost = sum((accepted - exists).values())
    verdict.doubled = sum((exists - accepted).values())
    emails = Counter(email for email, _ in exists)
    assert max(emails.values()) == 1, emails.most_common(3)
    assert set(emails) == {one.email for one in registrations if one.body["time_zone"] == "UTC"}
    codes = Counter(one.answer.status_code for one in registrations)
    assert set(codes) == FINAL
    print(f"killed {roles.kills()}; {dict(codes)}")
