"""Requests that nobody would send, made from the contract by schemathesis, sent to a running server."""
import json
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed as with_seed, settings, strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (content_type_conformance, response_headers_conformance, response_schema_conformance,
                                               status_code_conformance)

from support.contract import DOCUMENT, contract
from support.wait import until

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
TIMEOUT_S = 20
QUICK_S = 0.5
AT_A_TIME = 8
# Who asks: most with a token that is good, and most for things that are there.
INSTRUMENT = "stock:HOSTILE"
LINK, ALERT = "/u/{token}", "/v1/alerts/{id}"
WHO = ("self", "self", "self", "self", "self", "self", "nobody", "forged")
UNROUTED = (405, 431, 501)
NOT_YET = "the views have not reached min_position in time"


class Visitor:
    """Sends cases as somebody who has one of everything, and becomes somebody else after leaving."""

    def __init__(self, site):
        self.site = site
        self.url = f"http://{site.soglia.listen}"
        self.session = requests.Session()
        self.person = self.subscription = None
        self.seen = Counter()
        self.link = self.alert = None
        self.sent = []

    def ids(self, path):
        """What is there for a path: the name of its id and the id."""
        wants_alert = self.alert is None and path in (ALERT, LINK)
        if self.person is None or wants_alert:
            # What was done to the old one may keep mails away.
            self.person = self.site.person(display_name="Hostile <b>&amp;")
            self.subscription = None
        if self.subscription is None:
            self.subscription = self.person.subscribe(INSTRUMENT, high=3, label="\"><script>").json()["subscription_id"]
            self.alert = self.link = None
        if wants_alert:
            self.site.quote(INSTRUMENT, 4)
            mail, = until(lambda: self.site.mails_to(self.person.email), TIMEOUT_S, "a mail")[-1:]
            self.link = mail.message["List-Unsubscribe"].strip("<> ").rpartition("/")[2]
            self.alert = self.person.get("/v1/alerts").json()["alerts"][0]["alert_id"]
        known = {"/v1/subscriptions/{id}": ("id", self.subscription), LINK: ("token", self.link), ALERT: ("id", self.alert)}
        return ("instrument", INSTRUMENT) if "{instrument}" in path else known.get(path, (None, None))

    def make_real(self, case):
        """Lets it be about what is there, and gives it no position to wait for."""
        name, known = self.ids(case.operation.path)
        if name is not None:
            case.path_parameters = {**(case.path_parameters or {}), name: known}
        for place in (case.query, case.headers):
            for position in ("min_position", "Soglia-Min-Position", "cursor", "Idempotency-Key"):
                (place or {}).pop(position, None)
        if case.operation.path == "/v1/users" and isinstance(case.body, dict) and "email" in case.body:
            case.body = {**case.body, "email": self.site.new_email()}

    def send(self, case, who, real):
        """Sends one and holds the answer against the contract."""
        self.ids("")
        if real:
            self.make_real(case)
        if "quotes:0=12" in str(case.query):
            # The contract's example: it would be waited for.
            case.query.pop("min_position")
        options = case.as_transport_kwargs(base_url=self.url)
        options["headers"].pop("Authorization", None)
        if who != "nobody":
            token = self.person.token if who == "self" else self.person.token[:-8] + "AAAAAAAA"
            options["headers"]["Authorization"] = f"Bearer {token}"
        answer = self.session.request(**options, timeout=TIMEOUT_S, stream=True, allow_redirects=False)
        self.check(case, answer)
        if answer.elapsed.total_seconds() < QUICK_S:
            self.sent.append(options)
        self.remember(case, answer)

    def check(self, case, answer):
        if answer.headers.get("Content-Type") == "text/event-stream":
            # It has no end.
            assert answer.status_code == 200
            answer.close()
            return
        assert answer.content is not None
        contract().check(answer)
        if answer.status_code == 503:
            assert answer.json()["detail"] == NOT_YET and "position" in f"{answer.request.url} {answer.request.headers}"
        elif answer.status_code not in UNROUTED:
            case.validate_response(answer, checks=CHECKS)
        assert answer.status_code < 500 or "json" in answer.headers["Content-Type"]

    def remember(self, case, answer):
        self.seen[f"{case.method} {case.operation.path}", answer.status_code] += 1
        ended = "This alert has ended" in answer.text if case.operation.path == "/u/{token}" else answer.status_code == 204
        if ended:
            self.subscription = None
            if case.operation.path == "/v1/users/me":
                self.person = None

    def send_again(self):
        """Sends everything that was answered at once, but as who is there now, and without leaving; several at a time."""
        self.ids("")
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(self._repeat, self.sent))

    def _repeat(self, options):
        if options["method"] == "DELETE" and options["url"].endswith("/v1/users/me"):
            return
        headers = {**options["headers"], "Authorization": f"Bearer {self.person.token}"}
        with requests.request(**{**options, "headers": headers}, timeout=TIMEOUT_S, stream=True, allow_redirects=False) as answer:
            assert answer.status_code < 500, answer.text


def strangest(site, seed, examples):
    """Tries every operation of the contract, `examples` times with what fits it and as often with what does not."""
    schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text(encoding="utf-8")))
    visitor, failures = Visitor(site), []
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in MODES:
            # Where nothing can be said, nothing can be said wrongly.
            if mode is GenerationMode.POSITIVE or operation.definition.raw.get("parameters") or operation.body:
                failures += drive(operation, mode, visitor, seed, examples)
    assert not failures, "\n\n".join(failures)
    return visitor


def drive(operation, mode, visitor, seed, examples):
    """Sends requests of one kind; returns what was wrong, in words."""
    @with_seed(seed)
    @settings(max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate, Phase.shrink], print_blob=False)
    @given(case=operation.as_strategy(generation_mode=mode), who=st.sampled_from(WHO), real=st.booleans())
    def one(case, who, real):
        visitor.send(case, who, real)
    try:
        one()
    except BaseExceptionGroup as group:
        return [told(operation, mode, error) for error in group.exceptions]
    except Exception as error:  # pylint: disable=broad-except
        return [told(operation, mode, error)]
    return []


def told(operation, mode, error):
    """What was wrong, where it was seen, and the request that hypothesis notes."""
    return f"{operation.label}, {mode.value}: {''.join(traceback.format_exception(error, limit=-2))}"
