#!/usr/bin/env python3
"""A user's way through the gateway, with nothing but Python: journey.py URL CERTIFICATE BROKERS [PREFIX].

Registers, logs in, subscribes, lets kcat bring a quote and waits for the alert and its mail. Prints one line a step; ends
with 1 at the first that fails.
"""
import json
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

WAIT_S, POLL_S = 60, 0.2
LATER = (409, 502, 503, 504)  # Still at work, or somebody on the way to it is not there.


class Api:
    """The service behind the gateway, with its certificate checked."""

    def __init__(self, url, certificate):
        self.url = url
        self.token = None
        self.trust = ssl.create_default_context(cafile=certificate)

    def ask(self, method, path, body=None):
        """Status and the JSON of the answer. As a client should: what was not answered in time is sent again under the same key."""
        deadline = time.monotonic() + WAIT_S
        key = str(uuid.uuid4())
        status, answer = self.send(method, path, body, key)
        while status in LATER and time.monotonic() < deadline:
            print(f"  again, since {method} {path} was answered with {status}")
            time.sleep(POLL_S)
            status, answer = self.send(method, path, body, key)
        return status, answer

    def send(self, method, path, body, key):
        headers = {"Accept": "application/json, application/problem+json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if method in ("POST", "PATCH", "DELETE"):
            headers["Idempotency-Key"] = key
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S, context=self.trust) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                status, text = refused.code, refused.read()
        return status, json.loads(text) if text else None

    def expect(self, wanted, method, path, body=None):
        status, answer = self.ask(method, path, body)
        if status != wanted:
            sys.exit(f"{method} {path}: {status}, not {wanted}: {answer}")
        return answer


def wait_for(what, look):
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        found = look()
        if found:
            print(f"  {what}")
            return found
        time.sleep(POLL_S)
    sys.exit(f"waited {WAIT_S} s in vain for: {what}")


def give_quote(topic, instrument, value):
    line = json.dumps({"instrument": instrument, "value": value})
    subprocess.run(["kcat", "-P", *topic], input=line + "\n", text=True, check=True)


def watch_value(api, topic, instrument, value):
    give_quote(topic, instrument, value)

    def look():
        status, answer = api.ask("GET", f"/v1/instruments/{instrument}")
        return status == 200 and answer["value"] == value
    wait_for(f"{instrument} is {value} over HTTPS", look)


def sign_up(api):
    email, password = f"{uuid.uuid4().hex[:12]}@example.org", uuid.uuid4().hex
    api.expect(201, "POST", "/v1/users", {"email": email, "password": password})
    print(f"  {email} is registered")
    api.token = api.expect(201, "POST", "/v1/sessions", {"email": email, "password": password})["token"]
    print("  and logged in")
    return email


def be_told(api, topic, instrument):
    """Subscribes, crosses the threshold, and follows the alert to its mail."""
    made = api.expect(201, "POST", "/v1/subscriptions", {"instrument": instrument, "high": 200})
    print(f"  subscribed: {made['subscription_id']}")
    give_quote(topic, instrument, 201.5)

    def alerts():
        return [one for one in api.expect(200, "GET", "/v1/alerts")["alerts"] if one["value"] == 201.5]
    alert = wait_for("the alert is there", alerts)[0]

    def sent():
        told = api.expect(200, "GET", f"/v1/alerts/{alert['alert_id']}")["notifications"]
        return [one for one in told if one["status"] == "SENT"]
    wait_for("and its mail is sent", sent)


def main():
    url, certificate, brokers, *prefix = sys.argv[1:]
    api = Api(url, certificate)
    topic = ["-b", brokers, "-t", f"{''.join(prefix)}quotes.json"]
    instrument = f"stock:J{uuid.uuid4().hex[:8]}"
    watch_value(api, topic, instrument, 190.5)
    sign_up(api)
    be_told(api, topic, instrument)


if __name__ == "__main__":
    main()
