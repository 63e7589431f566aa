"""The page behind the link of a mail that really came, and the one click of mail programs (RFC 8058)."""
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from support.avro import Avro
from support.line import Line, subscription, user
from support.site import MERGE, Site
from support.wait import until

WAIT_S = 20
ONE_CLICK = "List-Unsubscribe=One-Click"
DAY = timedelta(days=1)
PAUSE = {"do": "pause", "for": ["day", "week", "ever"]}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HOSTILE_LABEL = "\"><script>alert('1')</script>&amp;<img src=x onerror=y>"


class Page(HTMLParser):
    """What a browser would see: the text, and the fields of each form."""

    def __init__(self, answer):
        super().__init__()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        self.tags, self.words, self.forms = [], [], []
        self.feed(answer.text)
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        row = dict(attrs)
        assert not [name for name in row if name.startswith("on")]
        if tag == "form":
            assert (row.get("method"), row.get("action")) == ("post", None)
            self.forms.append({})
        if tag == "input":
            self.forms[-1][row["name"]] = row["value"]
        if tag == "button" and "name" in row:
            self.forms[-1].setdefault(row["name"], []).append(row["value"])

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def site(kafka, tmp_path_factory):
    """As everybody's, with links in the mails. One click is offered for https alone; what ends TLS is left out here."""
    running = Site(kafka, tmp_path_factory.mktemp("site"))
    running.soglia.settings["mail.link_base"] = f"https://{running.soglia.listen}/"
    try:
        yield running.start()
    finally:
        running.end()


@pytest.fixture
def ada(site):
    return site.person()


def told(site, person, instrument, **fields):
    """Subscribes and waits for the mail of the first alert. The subscription's path, and that of the link."""
    made = person.subscribe(instrument, high=10, **fields)
    site.quote(instrument, 11)
    mail, = until(lambda: site.mails_to(person.email), WAIT_S, "the mail")
    assert mail.message["List-Unsubscribe-Post"] == ONE_CLICK
    link = urlsplit(mail.message["List-Unsubscribe"].strip().strip("<>"))
    assert link.netloc == site.soglia.listen and re.fullmatch(r"/u/[A-Za-z0-9_-]+", link.path)
    return made.headers["Location"], link.path


def state(person, path, answer):
    """The subscription as it is behind a change."""
    return person.ask("GET", path, headers={"Soglia-Min-Position": answer.headers["Soglia-Position"]}).json()


def post(site, link, form, **headers):
    return site.soglia.ask("POST", link, data=form, headers={**FORM, **headers})


def test_one_click_ends_it_once_and_for_all(site, ada):
    path, link = told(site, ada, "stock:CLICK")
    ended = post(site, link, ONE_CLICK)
    assert ended.status_code == 200, ended.text
    assert "has ended" in Page(ended).text
    behind = {"Soglia-Min-Position": ended.headers["Soglia-Position"]}
    assert ada.ask("GET", path, headers=behind).status_code == 404
    for _ in range(2):
        again = post(site, link, ONE_CLICK)
        assert (again.status_code, again.text) == (200, ended.text)
    assert site.soglia.get(link).text == ended.text
    site.quote("stock:CLICK", 1)
    site.quote("stock:CLICK", 12)
    other = site.person()
    told(site, other, "stock:AFTER")
    assert len(site.mails_to(ada.email)) == 1


def test_looking_changes_nothing(site, ada):
    path, link = told(site, ada, "stock:LOOK")
    watched = [site.prefix + topic for topic in ("users", "subscriptions", "commands", "command-results")]
    before = site.kafka.ends(watched), ada.get(path).text
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        answer = site.soglia.ask(method, link)
        assert answer.status_code in (200, 204)
    for query in ("?List-Unsubscribe=One-Click", "?do=end"):
        assert site.soglia.get(link + query).status_code in (200, 400)
    for method in ("PUT", "DELETE", "PATCH"):
        assert site.soglia.ask(method, link).status_code == 405
    for form in ("", "do=nothing", "List-Unsubscribe=", "list-unsubscribe=One-Click", "do=change&low=x", "do=%", "do=pause", "do=pause&for=year",
                 "do=pause&for="):
        answer = post(site, link, form)
        assert answer.status_code == 400, f"{form}: {answer.text}"
    assert (site.kafka.ends(watched), ada.get(path).text) == before


def test_the_forms_change_and_end(site, ada):
    path, link = told(site, ada, "stock:FORMS", low=2)
    shown = Page(site.soglia.get(link))
    assert shown.forms == [{"do": "change", "low": "2", "high": "10"}, PAUSE, {"do": "end"}]
    changed = post(site, link, {**shown.forms[0], "low": "", "high": "1.25e1"})
    assert changed.status_code == 200, changed.text
    page = Page(changed)
    assert "changed" in page.text and page.forms[0] == {"do": "change", "low": "", "high": "12.5"}
    behind = {"Soglia-Min-Position": changed.headers["Soglia-Position"]}
    now = ada.ask("GET", path, headers=behind).json()
    assert (now["low"], now["high"]) == (None, 12.5)
    for wrong in ({"low": "9", "high": "1"}, {"low": "", "high": ""}, {"low": "NaN", "high": ""}, {"low": "", "high": "inf"}):
        answer = post(site, link, {"do": "change", **wrong})
        assert answer.status_code == 400, f"{wrong}: {answer.text}"
    assert ada.get(path).json() == now
    ended = post(site, link, shown.forms[-1])
    assert ended.status_code == 200 and Page(ended).forms == []
    assert ada.ask("GET", path, headers={"Soglia-Min-Position": ended.headers["Soglia-Position"]}).status_code == 404


def test_the_forms_pause_and_resume(site, ada):
    assert ada.ask("PATCH", "/v1/users/me", json={"time_zone": "Asia/Kolkata"}, headers=MERGE).status_code == 200
    path, link = told(site, ada, "stock:PAUSE")
    assert "Paused" not in Page(site.soglia.get(link)).text
    for span, length in (("day", DAY), ("week", 7 * DAY)):
        asked = datetime.now(UTC)
        paused = post(site, link, {"do": "pause", "for": span})
        assert paused.status_code == 200, paused.text
        page, now = Page(paused), state(ada, path, paused)
        until_time = datetime.fromisoformat(now["paused_until"])
        assert timedelta(milliseconds=-1) < until_time - asked - length < timedelta(minutes=1)  # It is cut to ms.
        local = until_time.astimezone(ZoneInfo("Asia/Kolkata"))
        assert f"Paused until {local:%A} {local.day} {local:%B %Y, %H:%M:%S} (Asia/Kolkata, UTC+05:30)." in page.text
        assert "The alert is paused." in page.text
        assert page.forms == [{"do": "change", "low": "", "high": "10"}, {"do": "resume"}, PAUSE, {"do": "end"}]
    # Nobody is told, and other changes leave the pause as it is.
    site.quote("stock:PAUSE", 1)
    site.quote("stock:PAUSE", 12)
    assert state(ada, path, post(site, link, {"do": "change", "low": "", "high": "11"}))["paused_until"] == now["paused_until"]
    ever = post(site, link, {"do": "pause", "for": "ever"})
    assert "Paused until you resume it." in Page(ever).text
    assert state(ada, path, ever)["paused_until"] == "9999-12-31T23:59:59.999Z"
    resumed = post(site, link, {"do": "resume"})
    assert "told again" in Page(resumed).text and Page(resumed).forms[1] == PAUSE
    assert state(ada, path, resumed)["paused_until"] is None
    site.quote("stock:PAUSE", 2)
    site.quote("stock:PAUSE", 13)
    until(lambda: len(site.mails_to(ada.email)) == 2, WAIT_S, "the mail after the pause")
    reasons = [one["suppressed"] for one in ada.get("/v1/alerts?instrument=stock:PAUSE").json()["alerts"] if one["edge"] == "ENTERED"]
    assert reasons == [None, "paused", None]


def test_a_pause_that_is_over_is_not_shown(site, ada):
    path, link = told(site, ada, "stock:OVER")
    behind = ada.ask("PATCH", path, json={"paused_until": "2020-02-29T12:00:00+01:00"}, headers=MERGE)
    assert behind.json()["paused_until"] == "2020-02-29T11:00:00.000Z"
    page = Page(site.soglia.ask("GET", link, headers={"Soglia-Min-Position": behind.headers["Soglia-Position"]}))
    assert "Paused" not in page.text and page.forms[1] == PAUSE


def test_a_hostile_label_is_text(site, ada):
    path, link = told(site, ada, "stock:<b>&\"LABEL", label=HOSTILE_LABEL)
    answer = site.soglia.get(link)
    page = Page(answer)
    assert HOSTILE_LABEL in page.text and "stock:<b>&\"LABEL" in page.text
    assert not {"script", "img", "b"} & set(page.tags)
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert ada.get(path).json()["label"] == HOSTILE_LABEL


def test_other_tokens_lead_nowhere(site, ada):
    path, link = told(site, ada, "stock:TOKEN")
    token = link.removeprefix("/u/")
    # One character changed, at places of every part: version, nonce, content, seal.
    flipped = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:] for at in range(0, len(token), 17)]
    for wrong in (*flipped, token[:-1], token + "A", "x", "A" * 300, "%00", token.swapcase()):
        for answer in (site.soglia.get(f"/u/{wrong}"), post(site, f"/u/{wrong}", ONE_CLICK)):
            assert answer.status_code in ((400,) if wrong == "%00" else (404,)), f"{wrong}: {answer.text}"
            assert ada.email not in answer.text
    # It opens this one page, and is nobody's log-in.
    assert site.soglia.ask("GET", "/v1/users/me", token).status_code == 401
    assert ada.get(path).json()["active"]


def test_the_link_of_who_left(site, ada):
    _, link = told(site, ada, "stock:LEAVE")
    assert ada.ask("DELETE", "/v1/users/me").status_code == 204
    for answer in (site.soglia.get(link), post(site, link, ONE_CLICK), post(site, link, "do=change&low=1&high=2")):
        assert answer.status_code == 200 and "has ended" in answer.text


def test_the_link_of_what_no_account_made(site):
    """Written to the topics, as kcat does it: nothing here can end it, and nothing says that it has."""
    line = Line(site.soglia, site.kafka, Avro(site.kafka, site.prefix), site.prefix)
    line.give("users", [user("kate")])
    line.give("subscriptions", [subscription("kate", "stock:KCAT", high=10)])
    line.wait_taken("notifications", "users", WAIT_S)
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    site.quote("stock:KCAT", 11)
    mail, = until(lambda: site.mails_to("kate@example.org"), WAIT_S, "the mail")
    link = urlsplit(mail.message["List-Unsubscribe"].strip().strip("<>")).path
    shown = Page(site.soglia.get(link))
    for form in (ONE_CLICK, {"do": "end"}, {"do": "pause", "for": "day"}, {**shown.forms[0], "high": "12"}):
        answer = post(site, link, form)
        page = Page(answer)
        assert answer.status_code == 409 and "Nothing was changed" in page.text and page.forms == shown.forms, answer.text
