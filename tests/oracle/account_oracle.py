"""A second opinion on commands: what docs/commands.md says, by brute force and in memory.

It takes records as an independent client reads them and says what must be in `users`, `subscriptions` and `command-results`.
"""
from collections import defaultdict
from dataclasses import dataclass, field
from math import isfinite
from zoneinfo import available_timezones

DAY_MS = 86_400_000
YEAR_9999_END_MS = 253_402_300_799_999
NAME_BYTES, LABEL_BYTES, EMAIL_BYTES, CHANNELS = 128, 256, 254, 16
ZONES = available_timezones()
CHANGES = ("rearm", "hold_ms", "cooldown_ms", "notify_cleared")


class Refused(Exception):
    """With the code and the pointer of the problem."""

    def __init__(self, code, pointer=None):
        super().__init__(code, pointer)
        self.code, self.pointer = code, pointer


@dataclass
class Outputs:
    """What must come of one command: new states, and the answer."""

    users: list = field(default_factory=list)
    subscriptions: list = field(default_factory=list)
    answer: dict = None


def check(holds, pointer, code="INVALID"):
    if not holds:
        raise Refused(code, pointer)


def check_text(text, most, pointer):
    check(len(text.encode()) <= most and text.isprintable(), pointer)


def check_email(address, pointer):
    check_text(address, EMAIL_BYTES, pointer)
    check(address.count("@") == 1 and not address.startswith("@") and not address.endswith("@")
          and not set(address) & set(" <>,;"), pointer)


def check_user(user):
    if user["active"]:
        check_email(user["email"], "/email")
    if user["display_name"] is not None:
        check_text(user["display_name"], LABEL_BYTES, "/display_name")
    if user["password_hash"] is not None:
        check(user["password_hash"].startswith("$argon2id$"), "/password_hash")
    check(len(user["channels"]) <= CHANNELS, "/channels")
    for at, channel in enumerate(user["channels"]):
        pointer = f"/channels/{at}/address"
        if channel["kind"] == "EMAIL":
            check_email(channel["address"], pointer)
        else:
            check(channel["address"].startswith("https://") and " " not in channel["address"], pointer)
    check(user["time_zone"] in ZONES, "/time_zone")


def check_subscription(it):
    check(it["subscription_id"], "/subscription_id")
    check_text(it["subscription_id"], NAME_BYTES, "/subscription_id")
    check(it["instrument"], "/instrument")
    check_text(it["instrument"], NAME_BYTES, "/instrument")
    check(it["low"] is not None or it["high"] is not None, None)
    for side in ("low", "high"):
        check(it[side] is None or isfinite(it[side]), f"/{side}")
    check(isfinite(it["rearm"]) and it["rearm"] >= 0, "/rearm")
    check(it["low"] is None or it["high"] is None or it["low"] + it["rearm"] <= it["high"] - it["rearm"], "/low")
    check(it["hold_ms"] >= 0, "/hold_ms")
    check(it["cooldown_ms"] >= 0, "/cooldown_ms")
    check(0 <= (it["paused_until"] or 0) <= YEAR_9999_END_MS, "/paused_until")
    if it["label"] is not None:
        check_text(it["label"], LABEL_BYTES, "/label")


class Accounts:
    """All accounts of an installation. Ids of subscriptions are given: what the program makes of itself is not foretold."""

    def __init__(self, subscriptions_max=1000, remember_ms=DAY_MS):
        self.subscriptions_max, self.remember_ms = subscriptions_max, remember_ms
        self.users, self.subscriptions, self.known = {}, defaultdict(dict), {}

    def take(self, command, timestamp, offset):
        """The Outputs of a command, whose `body` is (kind, fields)."""
        name = command["user_id"], command["command_id"]
        asked = command["fingerprint"] or command["body"]
        known = self.known.get(name)
        if known and known[2] > timestamp:
            if known[0] == asked:
                return Outputs(answer=known[1])
            return Outputs(answer=self._answer(command, timestamp, offset, problem=("ID_REUSED", "/command_id")))
        out, (kind, fields) = Outputs(), command["body"]
        try:
            getattr(self, kind.rpartition(".")[2])(command["user_id"], fields, timestamp, out)
            result = (out.users or out.subscriptions)[-1]
            answer = self._answer(command, timestamp, offset, result=("User" if out.users else "Subscription", result))
        except Refused as refused:
            assert not out.users and not out.subscriptions
            answer = self._answer(command, timestamp, offset, problem=(refused.code, refused.pointer))
        self.known[name] = asked, answer, timestamp + self.remember_ms
        out.answer = answer
        return out

    @staticmethod
    def _answer(command, timestamp, offset, problem=None, result=None):
        return {"command_id": command["command_id"], "user_id": command["user_id"],
                "status": "REFUSED" if problem else "DONE", "problem": problem, "result": result, "at": timestamp,
                "command_offset": offset, "fingerprint": command["fingerprint"]}

    def _user(self, user_id):
        user = self.users.get(user_id)
        check(user and user["active"], None, "NOT_FOUND")
        return user

    def _subscription(self, user_id, subscription_id):
        self._user(user_id)
        found = self.subscriptions[user_id].get(subscription_id)
        check(found and found["active"], "/subscription_id", "NOT_FOUND")
        return found

    @staticmethod
    def _expected(body, version):
        check(body["expected_version"] in (None, version), "/expected_version", "VERSION_MISMATCH")

    def _put_user(self, user, timestamp, out):
        self.users[user["user_id"]] = {**user, "version": user["version"] + 1, "changed_at": timestamp}
        out.users.append(self.users[user["user_id"]])

    def _put_subscription(self, it, timestamp, out):
        changed = {**it, "version": it["version"] + 1, "changed_at": timestamp}
        self.subscriptions[it["user_id"]][it["subscription_id"]] = changed
        out.subscriptions.append(changed)

    def _active(self, user_id):
        return [it for _, it in sorted(self.subscriptions[user_id].items()) if it["active"]]

    def RegisterUser(self, user_id, body, timestamp, out):  # pylint: disable=invalid-name
        before = self.users.get(user_id)
        check(not before or not before["active"], "/email", "ALREADY_EXISTS")
        channels = body["channels"] or [{"kind": "EMAIL", "address": body["email"]}]
        user = {"user_id": user_id, **body, "channels": channels, "active": True, "version": before["version"] if before else 0}
        check_user(user)
        self._put_user(user, timestamp, out)

    def ChangeUser(self, user_id, body, timestamp, out):  # pylint: disable=invalid-name
        user = dict(self._user(user_id))
        self._expected(body, user["version"])
        user |= {name: value for name, value in body.items() if value is not None and name != "expected_version"}
        user["display_name"] = user["display_name"] or None
        check_user(user)
        self._put_user(user, timestamp, out)

    def DeleteUser(self, user_id, body, timestamp, out):  # pylint: disable=invalid-name
        user = self._user(user_id)
        self._expected(body, user["version"])
        for it in self._active(user_id):
            self._put_subscription({**it, "active": False}, timestamp, out)
        self._put_user({"user_id": user_id, "email": "", "display_name": None, "password_hash": None, "channels": [],
                        "time_zone": "UTC", "active": False, "version": user["version"]}, timestamp, out)

    def Subscribe(self, user_id, body, timestamp, out):  # pylint: disable=invalid-name
        self._user(user_id)
        it = {**body, "user_id": user_id, "active": True, "version": 0}
        check_subscription(it)
        check(it["subscription_id"] not in self.subscriptions[user_id], "/subscription_id", "ALREADY_EXISTS")
        check(len(self._active(user_id)) < self.subscriptions_max, None, "LIMIT_REACHED")
        self._put_subscription(it, timestamp, out)

    def ChangeSubscription(self, user_id, body, timestamp, out):  # pylint: disable=invalid-name
        it = dict(self._subscription(user_id, body["subscription_id"]))
        self._expected(body, it["version"])
        for side in ("low", "high"):
            check(not (body[f"clear_{side}"] and body[side] is not None), f"/clear_{side}")
            it[side] = None if body[f"clear_{side}"] else it[side] if body[side] is None else body[side]
        it |= {name: body[name] for name in CHANGES if body[name] is not None}
        check(not body["resume"] or body["paused_until"] is None, "/resume")
        it["paused_until"] = None if body["resume"] else it["paused_until"] if body["paused_until"] is None else body["paused_until"]
        it["label"] = it["label"] if body["label"] is None else body["label"] or None
        check_subscription(it)
        self._put_subscription(it, timestamp, out)

    def Unsubscribe(self, user_id, body, timestamp, out):  # pylint: disable=invalid-name
        it = self._subscription(user_id, body["subscription_id"])
        self._expected(body, it["version"])
        self._put_subscription({**it, "active": False}, timestamp, out)
