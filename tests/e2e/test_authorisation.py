"""Every route of the contract, asked by who may not: another user, nobody, and who brings a token that is not good."""
import json
from collections import namedtuple

import pytest

from support import tokens
from support.contract import contract
from support.wait import until

WAIT_S = 20
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
OWN_TOPICS = ("users", "subscriptions", "alerts", "notifications", "deliveries")
WRITES = (*OWN_TOPICS, "commands", "command-results")
# What stands in a path. An id that is new in the contract has to be added here.
OWNED = ("subscription_id", "alert_id", "command_id")
PUBLIC = {"instrument": "stock:GUARD", "link_token": "x"}
NOBODYS = "00000000-0000-4000-8000-000000000000"
BODIES = {"SubscriptionPatch": {"label": "taken", "high": 1}, "UserPatch": {"display_name": "taken"}, "NewSubscription": {
    "instrument": "stock:GUARD", "high": 1}, "LogIn": {}, "NewUser": None}
# Market data is public here: a token is not looked at.
MARKET = ("listInstruments", "getInstrument", "listQuotes", "getMean")

Operation = namedtuple("Operation", "method path row")
Story = namedtuple("Story", "person ids tags marks")


def operations():
    return [Operation(method.upper(), path, row) for path, item in contract().document["paths"].items() for method, row in item.items()]


def parameters(operation):
    """By the names of their components, which tell the ids apart."""
    return {reference["$ref"].rpartition("/")[2]: contract().resolve(reference) for reference in operation.row.get("parameters", [])}


def names_in_path(operation):
    return [name for name, row in parameters(operation).items() if row["in"] == "path"]


def target(operation, ids):
    """The path with these ids filled in."""
    path = operation.path
    known = {**PUBLIC, **ids}
    for name in names_in_path(operation):
        assert name in known, f"{operation.path}: nobody says whether a {name} has an owner"
        path = path.replace("{%s}" % parameters(operation)[name]["name"], known[name])
    assert "{" not in path, path
    return path


def body_of(operation):
    content = operation.row.get("requestBody", {}).get("content", {})
    if not content:
        return {}
    media, row = next(iter(content.items()))
    if "json" not in media:
        return {"data": "do=end", "headers": {"Content-Type": media}}
    return {"data": json.dumps(BODIES[row["schema"]["$ref"].rpartition("/")[2]]), "headers": {"Content-Type": media}}


def ask(site, operation, path, token, **headers):
    options = body_of(operation)
    return site.soglia.ask(operation.method, path, token, data=options.get("data"), headers={**options.get("headers", {}), **headers})


def needs_token(operation):
    security = operation.row.get("security", [{}])
    return bool(security) and {} not in security


def takes_token(operation):
    return "security" in operation.row and operation.row["operationId"] not in MARKET


@pytest.fixture(scope="module")
def ada(site):
    """Who has one of everything."""
    person = site.person(display_name="Ada Secretive", channels=[{"kind": "EMAIL", "address": "hidden@example.org"}])
    made = person.subscribe("stock:GUARD", high=10, label="for ada's eyes")
    path = made.headers["Location"]
    person.get(path, behind=made)
    changed = person.ask("PATCH", path, key="ada-changes-1", json={"low": 1})
    site.quote("stock:GUARD", 11)

    def told():
        alerts = person.get("/v1/alerts").json()["alerts"]
        sent = person.get("/v1/notifications").json()["notifications"]
        return (alerts[0], sent[0]) if alerts and sent and sent[0]["deliveries"] else None
    alert, notification = until(told, WAIT_S, "the alert with its delivery")
    ids = {"subscription_id": made.json()["subscription_id"], "alert_id": alert["alert_id"], "command_id": "ada-changes-1"}
    tags = {"subscription_id": changed.headers["ETag"]}
    marks = [person.user["user_id"], person.email, "Ada Secretive", "hidden@example.org", "ada's eyes", notification["notification_id"],
             *ids.values()]
    return Story(person, ids, tags, marks)


@pytest.fixture(scope="module")
def bob(site):
    return site.person(display_name="Bob")


class Watch:
    """What comes into topics from now on."""

    def __init__(self, site, topics):
        self.kafka = site.kafka
        self.ends = self.kafka.ends([site.prefix + topic for topic in topics])

    def new(self):
        ends = self.kafka.ends({topic for topic, _ in self.ends})
        grown = {topic for (topic, partition), end in ends.items() if end > self.ends[topic, partition]}
        # The end of a transaction has an offset too, and is no record.
        return [record for topic in grown for record in self.kafka.read(topic) if record.offset >= self.ends[topic, record.partition]]


def says_nothing(answer, marks):
    """Fails when an answer has something that was not in the request."""
    sent = f"{answer.request.path_url} {answer.request.headers} {answer.request.body}"
    said = f"{answer.text} {answer.headers}"
    assert not [mark for mark in marks if mark in said and mark not in sent], said


def foreign():
    return [one for one in operations() if set(names_in_path(one)) & set(OWNED)]


def test_there_are_routes_to_try():
    assert {name for one in operations() for name in names_in_path(one)} == {*OWNED, *PUBLIC}
    assert len(foreign()) >= 5 and sum(map(needs_token, operations())) >= 12


def test_another_users_ids_are_not_found(site, ada, bob):
    watch = Watch(site, OWN_TOPICS)
    for one in foreign():
        path = target(one, ada.ids)
        nowhere = target(one, dict.fromkeys(OWNED, NOBODYS))
        plain = ask(site, one, path, bob.token)
        assert plain.status_code == 404, f"{one.method} {path}: {plain.text}"
        unknown = ask(site, one, nowhere, bob.token)
        assert unknown.text.replace(nowhere, path) == plain.text
        # Conditions tell no more: neither that it is there nor which version it has.
        for tag in (*ada.tags.values(), '"999"', "*"):
            for condition in ("If-Match", "If-None-Match"):
                answer = ask(site, one, path, bob.token, **{condition: tag})
                assert answer.status_code == 404, f"{one.method} {path}, {condition} {tag}: {answer.text}"
                says_nothing(answer, ada.marks)
        says_nothing(plain, ada.marks)
    assert watch.new() == []


def test_other_methods_find_nothing_either(site, ada, bob):
    watch = Watch(site, WRITES)
    for path in {one.path for one in foreign()}:
        rows = {one.method: one for one in foreign() if one.path == path}
        for method in METHODS:
            if method in rows:
                continue
            answer = site.soglia.ask(method, target(next(iter(rows.values())), ada.ids), bob.token)
            assert answer.status_code == (404 if method == "HEAD" else 405), f"{method} {path}"
            says_nothing(answer, ada.marks)
    assert watch.new() == []


def test_lists_and_streams_show_ones_own(site, ada, bob):
    """With filters, cursors and keys that another user has used."""
    for _ in range(2):
        ada.person.subscribe("stock:GUARD", high=99)
    cursors = []
    for one in operations():
        if not needs_token(one) or one.method != "GET" or names_in_path(one):
            continue
        says_nothing(ask(site, one, one.path, bob.token), ada.marks)
        if "cursor" in parameters(one):
            cursor = site.soglia.ask("GET", f"{one.path}?limit=1", ada.person.token).json()["next"]
            cursors += [cursor] if cursor else []
        if "instrument_filter" in parameters(one):
            answer = site.soglia.ask("GET", f"{one.path}?instrument=stock:GUARD", bob.token)
            assert answer.status_code == 200
            says_nothing(answer, ada.marks)
    assert cursors
    for one in operations():
        for cursor in cursors if needs_token(one) and "cursor" in parameters(one) else ():
            answer = site.soglia.ask("GET", f"{one.path}?limit=1&cursor={cursor}", bob.token)
            assert answer.status_code in (200, 400)
            says_nothing(answer, ada.marks)


def test_anothers_keys_and_ids_in_a_body(site, ada, bob):
    """Bob may call his things as Ada calls hers; hers stay."""
    before = ada.person.get("/v1/subscriptions").text
    path = f"/v1/subscriptions/{ada.ids['subscription_id']}"
    for key in (None, ada.ids["command_id"]):
        answer = site.soglia.ask("POST", "/v1/subscriptions", bob.token, key=key,
                                 json={"subscription_id": ada.ids["subscription_id"], "instrument": "stock:GUARD", "high": 5})
        assert answer.status_code in (201, 409, 422), answer.text
        says_nothing(answer, ada.marks)
    bobs = bob.ask("GET", path, headers={"Soglia-Min-Position": answer.headers.get("Soglia-Position", "")})
    assert bobs.status_code in (200, 404)
    says_nothing(bobs, ada.marks)
    if bobs.status_code == 200:
        assert bob.ask("DELETE", path).status_code == 204
    assert ada.person.get("/v1/subscriptions").text == before
    assert site.soglia.ask("GET", "/v1/commands/ada-changes-1", ada.person.token).json()["result"]["label"] == "for ada's eyes"


def test_nobody_gets_anything(site, ada):
    watch = Watch(site, WRITES)
    for one in filter(needs_token, operations()):
        answer = ask(site, one, target(one, ada.ids), None)
        assert answer.status_code == 401, f"{one.method} {one.path}: {answer.text}"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        says_nothing(answer, ada.marks)
    assert watch.new() == []


def test_tokens_that_are_not_good(site, ada):
    watch = Watch(site, WRITES)
    wrong = tokens.bad(site.soglia, ada.person.user["user_id"], ada.person.token)
    for one in filter(takes_token, operations()):
        path = target(one, ada.ids) + ("?alerts=true" if one.path == "/v1/stream" else "")
        for what, token in wrong.items():
            answer = ask(site, one, path, token)
            assert answer.status_code == 401, f"{one.method} {one.path}, {what}: {answer.text}"
            says_nothing(answer, ada.marks)
        for scheme in ("Basic", "Token", "Bearer Bearer"):
            answer = ask(site, one, path, None, Authorization=f"{scheme} {ada.person.token}")
            assert answer.status_code == 401, f"{one.method} {one.path}, {scheme}: {answer.text}"
    assert watch.new() == []
    # The key with which they were made is the right one.
    own = tokens.made(tokens.session_key(site.soglia), ada.person.user["user_id"])
    assert site.soglia.ask("GET", "/v1/users/me", own).json()["email"] == ada.person.email


def test_the_contract_says_what_takes_a_token():
    """A route with a 401 takes a token, and the other way round."""
    for one in operations():
        assert ("401" in one.row["responses"]) == ("security" in one.row), f"{one.method} {one.path}"
