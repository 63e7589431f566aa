"""Bodies that are nearly right: what is refused points at its field, what is taken comes back as it was sent."""
import json

import pytest

from support.contract import contract
from support.site import MERGE, PASSWORD

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def ada(site):
    return site.person()


def refused(person, method, path, text, pointer, **headers):
    answer = person.ask(method, path, data=text.encode() if isinstance(text, str) else text, headers={**JSON, **headers})
    assert answer.status_code == 400, f"{text}: {answer.status_code} {answer.text}"
    assert answer.json().get("pointer", "") == pointer, f"{text}: {answer.text}"


@pytest.mark.parametrize("value", ['"NaN"', '"Infinity"', '"-Infinity"', "1e999", "-1e999", "NaN", '"1"', "true", "[]", "{}"])
def test_thresholds_are_finite_numbers(ada, value):
    made = ada.subscribe("stock:ODD", high=1)
    refused(ada, "POST", "/v1/subscriptions", f'{{"instrument":"stock:ODD","high":{value}}}', "/high")
    refused(ada, "PATCH", made.headers["Location"], f'{{"high":{value}}}', "/high")
    assert ada.ask("DELETE", made.headers["Location"]).status_code == 204


def test_sizes_are_bytes_of_utf8(site, ada):
    """What the contract counts in characters is at most as many bytes."""
    for label, fits in (("x" * 256, True), ("ü" * 128, True), ("ü" * 129, False), ("x" * 257, False)):
        text = json.dumps({"instrument": "stock:ODD", "high": 1, "label": label}, ensure_ascii=False)
        if not fits:
            refused(ada, "POST", "/v1/subscriptions", text, "/label")
            continue
        made = ada.ask("POST", "/v1/subscriptions", data=text.encode(), headers=JSON)
        assert made.status_code == 201 and made.json()["label"] == label
        assert ada.get(made.headers["Location"], behind=made).json()["label"] == label
        assert ada.ask("DELETE", made.headers["Location"]).status_code == 204


def test_display_names_are_as_long_as_the_contract_says(ada):
    longest = contract().document["components"]["schemas"]["UserPatch"]["properties"]["display_name"]["maxLength"]
    changed = ada.ask("PATCH", "/v1/users/me", headers=MERGE, json={"display_name": "x" * longest})
    assert changed.status_code == 200 and changed.json()["display_name"] == "x" * longest
    refused(ada, "PATCH", "/v1/users/me", json.dumps({"display_name": "x" * (longest + 1)}), "/display_name")


@pytest.mark.parametrize("text,pointer", [
    ("", ""), ("x", ""), ("[]", ""), ("null", ""), ('{"email":"a@example.org"', ""), ("{}", ""), ("\ufeff{}", ""), ("[" * 100, ""),
    ('{"email":"a@example.org","password":"' + PASSWORD + '","email":"b@example.org"}', "/email"),
    ('{"a/b":1}', "/a~1b"), ('{"a~b":1}', "/a~0b"), ('{"":1}', ""), ('{"grüße":1}', ""), ('{"x\\"y":1}', ""), ('{"\\u0000":1}', ""),
    ('{"' + "x" * 500 + '":1}', ""),
    ('{"email":"a@example.org\\u0000","password":"' + PASSWORD + '"}', "/email"),
    ('{"email":"a@example.org","password":"' + PASSWORD + '","channels":[{"kind":"EMAIL"}]}', "/channels/0"),
    ('{"email":"a@example.org","password":"' + PASSWORD + '","channels":[{"kind":"EMAIL","address":"a@example.org","more":1}]}',
     "/channels/0/more"),
    ('{"email":"a@example.org","password":"' + PASSWORD + '","time_zone":"Mars/Olympus"}', "/time_zone"),
])
def test_registrations(ada, text, pointer):
    refused(ada, "POST", "/v1/users", text, pointer)


def test_bytes_that_are_no_text(ada):
    refused(ada, "POST", "/v1/users", b'{"email":"\xff@example.org"}', "/email")
    refused(ada, "POST", "/v1/users", b"\x00" * 100, "")


@pytest.mark.parametrize("tag,code", [("*", 200), ('W/"1"', 412), ('"1", "2"', 412), ("1", 412), ('""', 412), ('"99"', 412)])
def test_if_match(ada, tag, code):
    made = ada.subscribe("stock:ODD", high=1)
    path = made.headers["Location"]
    changed = ada.ask("PATCH", path, headers={**MERGE, "If-Match": tag}, json={"high": 2})
    assert changed.status_code == code, changed.text
    ended = ada.ask("DELETE", path, headers={"If-Match": tag})
    assert ended.status_code == (204 if code == 200 else 412), ended.text
    ada.ask("DELETE", path)
