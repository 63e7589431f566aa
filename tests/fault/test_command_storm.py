"""10,000 commands make 10,000 changes, however often each is sent and however often accounts dies."""
from collections import Counter

import pytest

from storm import WAIT_S, Progress, Roles, parts
from support.line import command

CHANGES = 10_000
PEOPLE = 400
WRONG = 500
TIMES_MAX = 3  # That a command is sent.
LATER_MAX = 60  # Records between a command and its being sent again.
KILLS_SHORT = 20
PARTITIONS = 4
ZONES = ("UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata")
HASH = "$argon2id$v=19$m=65536,t=2,p=1$c29tZQ$aGFzaA"

SUBSCRIBE = {"low": None, "high": None, "rearm": 0.0, "hold_ms": 0, "cooldown_ms": 0, "notify_cleared": False, "label": None,
             "paused_until": None}
CHANGE = {"expected_version": None, "low": None, "clear_low": False, "high": None, "clear_high": False, "rearm": None, "hold_ms": None,
          "cooldown_ms": None, "notify_cleared": None, "label": None, "paused_until": None, "resume": False}


class Person:
    """Whose every next() is a command that changes something, as long as all before it have been done."""

    def __init__(self, number, dice):
        self.name, self.dice, self.count = f"person-{number}", dice, 0
        self.here, self.version, self.active = False, 0, {}

    def command(self, kind, body):
        self.count += 1
        fingerprint = f"print-{self.count}" if self.dice.random() < 0.2 else None
        return command(self.name, f"{kind}-{self.count}", kind, body, fingerprint=fingerprint)

    def next(self):
        if not self.here:
            return self._register()
        ways = [(self._subscribe, 4), (self._change_user, 2), (self._delete, 0.3)]
        if self.active:
            ways += [(self._change, 5), (self._unsubscribe, 2)]
        way, = self.dice.choices([one for one, _ in ways], [weight for _, weight in ways])
        return way()

    def _seen(self, version):
        return version if self.dice.random() < 0.5 else None

    def _register(self):
        self.here, self.version = True, self.version + 1
        channels = [{"kind": "WEBHOOK", "address": "https://example.org/hook"}] if self.dice.random() < 0.2 else []
        return self.command("RegisterUser", {"email": f"{self.name}@example.org", "display_name": self.dice.choice((None, "Ada")),
                                             "password_hash": self.dice.choice((None, HASH)), "channels": channels,
                                             "time_zone": self.dice.choice(ZONES)})

    def _change_user(self):
        asked = self.command("ChangeUser", {
            "expected_version": self._seen(self.version), "display_name": self.dice.choice((None, "", "Édith")),
            "password_hash": None, "channels": self.dice.choice((None, [])), "time_zone": self.dice.choice((None, *ZONES))})
        self.version += 1
        return asked

    def _delete(self):
        asked = self.command("DeleteUser", {"expected_version": self._seen(self.version)})
        self.here, self.version, self.active = False, self.version + 1, {}
        return asked

    def _subscribe(self):
        name = f"s-{self.count}"
        self.active[name] = 1
        return self.command("Subscribe", {**SUBSCRIBE, "subscription_id": name, "instrument": f"stock:{self.dice.randrange(50)}",
                                          "high": self.dice.uniform(10, 20), "label": self.dice.choice((None, "mine"))})

    def _chosen(self):
        name = self.dice.choice(list(self.active))
        return {"subscription_id": name, "expected_version": self._seen(self.active[name])}

    def _change(self):
        which = self._chosen()
        self.active[which["subscription_id"]] += 1
        # One threshold is always there; a low is below every high.
        new = self.dice.choice(({"high": self.dice.uniform(10, 20)}, {"low": self.dice.uniform(0, 9)}, {"clear_low": True},
                                {"hold_ms": self.dice.randrange(1000)}, {"paused_until": self.dice.randrange(1000)}, {"resume": True},
                                {"label": self.dice.choice(("", "yours"))}))
        return self.command("ChangeSubscription", {**CHANGE, **which, **new})

    def _unsubscribe(self):
        which = self._chosen()
        del self.active[which["subscription_id"]]
        return self.command("Unsubscribe", which)

    def wrong(self, earlier):
        """One that changes nothing, whatever has been done."""
        kind, body = self.dice.choice((
            ("Subscribe", {**SUBSCRIBE, "subscription_id": "w", "instrument": "stock:1"}),
            ("Subscribe", {**SUBSCRIBE, "subscription_id": "w", "instrument": "stock:1", "low": 3.0, "high": 2.0}),
            ("Subscribe", {**SUBSCRIBE, "subscription_id": "w", "instrument": "i" * 129, "high": 2.0}),
            ("Unsubscribe", {"subscription_id": "never", "expected_version": None}),
            ("RegisterUser", {"email": "nobody", "display_name": None, "password_hash": None, "channels": [], "time_zone": "UTC"}),
            ("DeleteUser", {"expected_version": 1_000_000})))
        asked = self.command(kind, body)
        return {**asked, "command_id": earlier["command_id"]} if earlier and self.dice.random() < 0.3 else asked


def storm(dice):
    """The commands in the order in which they are sent, each one to three times, the first times in the order of each person."""
    people = [Person(number, dice) for number in range(PEOPLE)]
    wrong, last, first = set(dice.sample(range(CHANGES), WRONG)), {}, []
    for at in range(CHANGES):
        person = dice.choice(people)
        first.append(person.next())
        last[person.name] = first[-1]
        if at in wrong:
            other = dice.choice(people)
            first.append(other.wrong(last.get(other.name)))
    order = [(at + dice.uniform(0, LATER_MAX) * (time > 0), at) for at in range(len(first)) for time in range(dice.randint(1, TIMES_MAX))]
    return [first[at] for _, at in sorted(order)]


@pytest.mark.timeout(2400)
def test_10000_retried_commands_make_10000_changes(line, soglia, dice, long, kills, judge, verdict):
    kills = kills if long else KILLS_SHORT
    sent = [line.encode("commands", one) for one in storm(dice)]
    roles = Roles(soglia, {"accounts": ("run", "accounts")})
    with Progress(line, ("command-results",)) as progress:
        for part in parts(sent, kills):
            line.kafka.produce(line.prefix + "commands", part)
            progress.pass_on(dice.randrange(1, len(part) * 4 // 3 + 2))
            roles.kill("accounts")
    line.wait_taken("accounts", "commands", WAIT_S)
    assert roles.end() == {"accounts": 0}

    answers = judge.commanded()
    done = {(one["user_id"], one["command_id"]) for one in answers if one["status"] == "DONE"}
    assert len(done) == CHANGES and len(answers) == len(sent)
    changed = Counter((one.value["user_id"], one.value["version"]) for one in line.read("users"))
    verdict.check(max(changed.values()) == 1, f"versions twice: {changed.most_common(3)}")
    judge.offsets({"accounts": [soglia.state]})
    judge.states(PARTITIONS, ["accounts"])
    refused = Counter(one["problem"][0] for one in answers if one["status"] == "REFUSED")
    assert set(refused) >= {"INVALID", "NOT_FOUND", "VERSION_MISMATCH", "ID_REUSED"}, refused
    print(f"killed {roles.kills()}; {len(sent)} sent, {len(done)} done, refused {dict(refused)}")
