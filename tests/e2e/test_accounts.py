"""People register, log in, subscribe and leave over HTTP; what they did is on Kafka and in the views."""
import uuid

import pytest

from support.site import MERGE, PASSWORD
from support.wait import until

WAIT_S = 20


@pytest.fixture
def ada(site):
    return site.person(display_name="Ada")


def test_from_registration_to_the_alerts_story(site):
    email = site.new_email().capitalize()
    registered = site.soglia.ask("POST", "/v1/users",
                                 json={"email": email, "password": PASSWORD, "display_name": "Ada"})
    assert registered.status_code == 201, registered.text
    user = registered.json()
    assert (user["email"], user["display_name"], user["time_zone"]) == (email, "Ada", "UTC")
    assert user["channels"] == [{"kind": "EMAIL", "address": email}]
    assert "password" not in registered.text and "argon" not in registered.text
    assert registered.headers["Location"] == "/v1/users/me"
    assert registered.headers["ETag"] == f'"{user["version"]}"'

    token = site.log_in(f" {email.upper()} ")
    made = site.soglia.ask("POST", "/v1/subscriptions", token, json={"instrument": "stock:STORY", "high": 190})
    assert made.status_code == 201, made.text
    subscription = made.json()
    assert (subscription["instrument"], subscription["low"], subscription["high"]) == ("stock:STORY", None, 190)
    assert made.headers["Location"] == f"/v1/subscriptions/{subscription['subscription_id']}"

    site.quote("stock:STORY", 191.5)
    mail, = until(lambda: site.mails_to(email), WAIT_S, "the mail")
    assert "STORY" in mail.message["Subject"]

    def story():
        items = site.soglia.ask("GET", "/v1/alerts", token).json()["alerts"]
        told = items and site.soglia.ask("GET", f"/v1/alerts/{items[0]['alert_id']}", token).json()
        return told if told and told["notifications"] and told["notifications"][0]["deliveries"] else None
    alert = until(story, WAIT_S, "the alert with its delivery")
    assert (alert["value"], alert["threshold"], alert["side"]) == (191.5, 190, "HIGH")
    last = site.soglia.get("/v1/instruments/stock:STORY").json()
    assert alert["cause"] == last["position"]
    notification, = alert["notifications"]
    assert (notification["status"], notification["address"]) == ("SENT", email)


def test_a_write_is_read_behind_its_position(ada):
    made = ada.subscribe("stock:OWN", high=5)
    listed = ada.get("/v1/subscriptions", behind=made).json()["subscriptions"]
    assert [each["subscription_id"] for each in listed] == [made.json()["subscription_id"]]
    one = ada.get(made.headers["Location"], behind=made)
    assert one.json() == made.json()
    assert one.headers["ETag"] == made.headers["ETag"]
    changed = ada.ask("PATCH", made.headers["Location"], headers=MERGE, json={"label": "mine"})
    assert ada.get(made.headers["Location"], behind=changed).json()["label"] == "mine"
    ended = ada.ask("DELETE", made.headers["Location"])
    assert ended.status_code == 204
    assert ada.get("/v1/subscriptions", behind=ended).json()["subscriptions"] == []
    me = ada.ask("PATCH", "/v1/users/me", headers=MERGE, json={"display_name": None, "time_zone": "Europe/Rome"})
    seen = ada.get("/v1/users/me", behind=me)
    assert seen.json() == me.json()
    assert (seen.json()["display_name"], seen.json()["time_zone"]) == (None, "Europe/Rome")


def test_the_same_key_is_the_same_change(site):
    key, email = str(uuid.uuid4()), site.new_email()
    body = {"email": email, "password": PASSWORD}
    first = site.soglia.ask("POST", "/v1/users", key=key, json=body)
    again = site.soglia.ask("POST", "/v1/users", key=key, json=body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = site.soglia.ask("POST", "/v1/users", key=key, json={**body, "display_name": "Other"})
    assert other.status_code == 422
    assert other.headers["Content-Type"] == "application/problem+json"
    taken = site.soglia.ask("POST", "/v1/users", json=body)
    assert (taken.status_code, taken.json()["pointer"]) == (409, "/email")
    told = site.soglia.ask("GET", f"/v1/commands/{key}", site.log_in(email)).json()
    assert (told["status"], told["result"]) == ("DONE", first.json())


def test_what_is_wrong_is_pointed_at(site, ada):
    def pointer(method, path, body, headers=()):
        answer = ada.ask(method, path, json=body, headers=headers)
        assert answer.status_code == 400, answer.text
        return answer.json().get("pointer")

    bob = {"email": site.new_email(), "password": PASSWORD}
    assert pointer("POST", "/v1/users", {**bob, "email": "nobody"}) == "/email"
    assert pointer("POST", "/v1/users", {**bob, "password": "password1"}) == "/password"
    assert pointer("POST", "/v1/users", {**bob, "password": "short"}) == "/password"
    assert pointer("POST", "/v1/users", {**bob, "passwort": "x"}) == "/passwort"
    assert pointer("POST", "/v1/users", {**bob, "time_zone": 1}) == "/time_zone"
    channels = [{"kind": "EMAIL", "address": "bob@example.org"}, {"kind": "PIGEON", "address": "roof"}]
    assert pointer("POST", "/v1/users", {**bob, "channels": channels}) == "/channels/1/kind"
    assert pointer("POST", "/v1/subscriptions", {"instrument": "", "high": 1}) == "/instrument"
    assert pointer("POST", "/v1/subscriptions", {"instrument": "stock:A", "high": 1, "rearm": -1}) == "/rearm"
    assert pointer("PATCH", "/v1/users/me", {"password": PASSWORD + "!"}, MERGE) == "/current_password"
    wrong = {"password": PASSWORD + "!", "current_password": "not the password"}
    assert pointer("PATCH", "/v1/users/me", wrong, MERGE) == "/current_password"


def test_changing_and_ending(ada):
    made = ada.subscribe("stock:AAPL", low=1, high=9, label="mine")
    path, tag = made.headers["Location"], made.headers["ETag"]
    patch = ada.ask("PATCH", path, headers={**MERGE, "If-Match": tag}, json={"low": None, "high": 8.5})
    assert patch.status_code == 200, patch.text
    changed = patch.json()
    assert (changed["low"], changed["high"], changed["label"]) == (None, 8.5, "mine")
    assert changed["version"] > made.json()["version"]
    stale = ada.ask("PATCH", path, headers={**MERGE, "If-Match": tag}, json={"high": 7})
    assert stale.status_code == 412, stale.text
    ended = ada.ask("DELETE", path)
    assert (ended.status_code, ended.content) == (204, b"")
    assert ada.ask("PATCH", path, headers=MERGE, json={"high": 7}).status_code == 404
    assert ada.ask("DELETE", path).status_code == 404


def test_a_new_password_replaces_the_old_one(site, ada):
    new = "another staple entirely"
    patch = ada.ask("PATCH", "/v1/users/me", headers=MERGE, json={"password": new, "current_password": PASSWORD})
    assert patch.status_code == 200, patch.text
    old = site.soglia.ask("POST", "/v1/sessions", json={"email": ada.email, "password": PASSWORD})
    assert old.status_code == 401
    site.log_in(ada.email, new)


def test_who_leaves_is_gone(site, ada):
    ada.subscribe("stock:LEFT", high=9)
    assert ada.ask("DELETE", "/v1/users/me").status_code == 204
    assert ada.ask("POST", "/v1/subscriptions", json={"instrument": "stock:A", "high": 9}).status_code == 401
    again = site.soglia.ask("POST", "/v1/sessions", json={"email": ada.email, "password": PASSWORD})
    assert again.status_code == 401
    site.quote("stock:LEFT", 10)
    other = site.person()
    other.subscribe("stock:LEFT", high=9)
    until(lambda: site.mails_to(other.email), WAIT_S, "the mail to who stayed")
    assert site.mails_to(ada.email) == []


def test_tokens_are_asked_for_and_renewed(ada):
    subscribe = {"json": {"instrument": "stock:A", "high": 9}}
    assert ada.site.soglia.ask("POST", "/v1/subscriptions", **subscribe).status_code == 401
    forged = ada.token[:-4] + ("AAAA" if not ada.token.endswith("AAAA") else "BBBB")
    assert ada.site.soglia.ask("POST", "/v1/subscriptions", forged, **subscribe).status_code == 401
    renewed = ada.ask("POST", "/v1/sessions", json={})
    assert renewed.status_code == 201, renewed.text
    assert ada.site.soglia.ask("POST", "/v1/subscriptions", renewed.json()["token"], **subscribe).status_code == 201


def test_log_ins_are_limited(site, ada):
    wrong = {"email": ada.email, "password": "x" * 9}
    codes = [site.soglia.ask("POST", "/v1/sessions", json=wrong).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    limited = site.soglia.ask("POST", "/v1/sessions", json={"email": ada.email, "password": PASSWORD})
    assert limited.status_code == 429
    assert int(limited.headers["Retry-After"]) > 0


def test_late_changes_tell_where_to_ask(soglia):
    soglia.settings["http.wait"] = "300ms"
    soglia.run("topics", "apply")
    serve = soglia.start("serve")
    soglia.wait_ready(serve)
    key, body = str(uuid.uuid4()), {"email": "ada@example.org", "password": PASSWORD}
    late = soglia.ask("POST", "/v1/users", key=key, json=body)
    assert late.status_code == 504, late.text
    assert late.json()["command_id"] == key
    assert late.headers["Location"] == f"/v1/commands/{key}"
    assert soglia.ask("POST", "/v1/users", key=key, json=body).status_code == 409
    soglia.start("run", "accounts")
    until(lambda: soglia.ask("POST", "/v1/users", key=key, json=body).status_code == 201, WAIT_S, "the answer")
