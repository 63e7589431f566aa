"""The story of an alert: what `soglia audit explain` tells of it, and its trouble with what it cannot know."""
import json

import pytest

from support.line import Line, quote, subscription, user

WAIT_S = 30
START = 1_760_000_000_000


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    return Line(soglia, kafka, avro, prefix).apply()


def given(line):
    """One alert of a quote, with a quote of another instrument between it and the one before."""
    line.give("users", [user("ada")])
    subscribed, = line.give("subscriptions", [subscription("ada", "stock:AAPL", low=180, high=190, version=7)])
    line.soglia.start("run", "all")
    line.wait_taken("alerts", "subscriptions")
    places = line.give("quotes", [quote("stock:AAPL", 185, START), quote("stock:B", 1, START),
                                  quote("stock:AAPL", 191.5, START + 1000, unit="USD")])
    line.wait_for("deliveries", 1, WAIT_S)
    alert, = line.read("alerts")
    return subscribed, places, alert


def place(topic, position):
    return f"[{topic}/{position.partition}@{position.offset}]"


def test_the_story_of_an_alert(line, smtp):
    subscribed, places, alert = given(line)
    shown = line.soglia.run("audit", "explain", alert.value["alert_id"]).text
    rows = {row[2:16].strip(): row[16:] for row in shown.splitlines() if row.startswith("  ")}
    assert rows["Why"] == "191.5 is above the high threshold 190; before it was 185."
    assert rows["Rule"] == "CLEAR, beyond: ENTERED"
    assert rows["Quote"].startswith("191.5 USD at 2025-10-09T08:53:21.000Z") and rows["Quote"].endswith(place("quotes", places[2]))
    assert rows["Before"].startswith("185 at ") and rows["Before"].endswith(place("quotes", places[0]))
    assert rows["Subscription"] == "version 7, low 180, high 190  " + place("subscriptions", subscribed)
    assert rows["Alert"].endswith(place("alerts", alert))
    assert "EMAIL to \"ada@example.org\"" in rows["Notification"] and "[notifications/" in rows["Notification"]
    assert rows["Delivery"].startswith("SENT, attempt 1 at ") and "[deliveries/" in rows["Delivery"]
    assert len(smtp.mails) == 1


def test_the_same_for_a_machine(line, smtp):
    subscribed, places, alert = given(line)
    story = json.loads(line.soglia.run("audit", "explain", alert.value["alert_id"], "--json").text)
    assert story["why"] == "191.5 is above the high threshold 190; before it was 185"
    assert story["alert"]["record"] == alert.value
    for name, topic, position in (("quote", "quotes", places[2]), ("before", "quotes", places[0]),
                                  ("subscription", "subscriptions", subscribed), ("alert", "alerts", alert)):
        assert (story[name]["topic"], story[name]["partition"], story[name]["offset"]) == (
            topic, position.partition, position.offset), name
    assert story["quote"]["record"]["value"] == 191.5
    assert story["subscription"]["record"]["version"] == 7
    notification, = story["notifications"]
    delivery, = story["deliveries"]
    assert notification["record"]["alert_ids"] == [alert.value["alert_id"]]
    assert delivery["record"]["notification_id"] == notification["record"]["notification_id"]
    assert len(smtp.mails) == 1


def test_an_alert_that_a_subscription_decided_about_nobody(line):
    """The quote is found though the cause is the subscription, and the reason why nobody was told."""
    running = line.soglia.start("run", "alerts", "notifications")
    decided, = line.give("quotes", [quote("stock:AAPL", 200, START)])
    line.wait_taken("alerts", "quotes")
    changed, = line.give("subscriptions", [subscription("ada", "stock:AAPL", high=190, rearm=2, hold_ms=0)])
    line.wait_for("deliveries", 1, WAIT_S)
    alert, = line.read("alerts")
    assert alert.value["cause"]["topic"] == "subscriptions"
    shown = line.soglia.run("audit", "explain", alert.value["alert_id"]).text
    assert "200 is above the high threshold 190; it was the last value when the subscription changed." in shown
    assert place("quotes", decided) in shown and place("subscriptions", changed) in shown
    assert "Notification  nobody could be told" in shown and "REJECTED" in shown
    assert running.end() == 0


def test_an_unknown_alert_is_said_with_what_to_try(line):
    result = line.soglia.run("audit", "explain", "0" * 32, code=1)
    assert "no alert has the id" in result.stderr.decode() and "soglia tail alerts" in result.stderr.decode()


@pytest.mark.parametrize("words", [["explain"], ["explain", "abc"], ["explain", "G" * 32], ["explain", "0" * 32, "more"],
                                   ["explain", "0" * 32, "--from=-3"], ["tell", "x"], []])
def test_wrong_words_are_usage_errors(soglia, words):
    assert soglia.run("audit", *words, code=2).stderr
