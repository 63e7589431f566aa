"""From nothing to a mail and a mark on the chart, in a browser, on the whole of soglia."""
import re
import time
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from support.site import MERGE, PASSWORD, WAIT_S
from support.wait import until
from support.web_page import DESK, PHONE, WAIT_MS, ZONE

PAST = [185 + (i % 7) * 0.5 for i in range(40)]
# From the producer's hand to the eye, and from a page's address to its content.
SEEN_S, LOADED_S = 5, 5
SAVED = "Saved. The new thresholds are in force."


def enter(page, name, email):
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Make account").click()
    expect(page.get_by_text("Give at least 8 characters.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make account").click()
    expect(page.get_by_role("heading", name="Nothing is watched yet")).to_be_visible(timeout=WAIT_MS)


def watch(page, instrument, low, high):
    page.get_by_role("link", name="Watch an instrument").first.click()
    page.get_by_label("Search instruments").fill(instrument.split(":")[1].lower())
    page.get_by_role("link", name=re.compile(instrument.split(":")[1])).click()
    page.get_by_label("Low", exact=True).fill(str(low))
    page.get_by_label("High", exact=True).fill(str(high))
    expect(page.get_by_text("It would not have fired")).to_be_visible()
    page.get_by_role("button", name="Start watching").click()
    expect(page.get_by_role("slider", name="High threshold")).to_be_visible(timeout=WAIT_MS)


def test_from_registration_to_a_mail_and_a_mark_on_the_chart(site, screen):
    site.series("stock:MSFT", PAST)
    window = screen()
    page = window.page
    begun = time.monotonic()
    window.go()
    email = site.new_email()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert time.monotonic() - begun < LOADED_S
    window.shot("log-in")
    enter(page, "Ada", email)
    window.shot("nothing-yet")
    watch(page, "stock:MSFT", 180, 190)

    begun = time.monotonic()
    site.kcat({"instrument": "stock:MSFT", "value": 191.5})
    expect(page.locator(".big-value")).to_have_text(re.compile(r"^191\.5"), timeout=WAIT_MS)
    assert time.monotonic() - begun < SEEN_S
    mail, = site.wait_for_mails(email, 1)
    assert "MSFT" in mail.message["Subject"]
    mark = page.locator("a.alert-mark:visible")
    expect(mark).to_have_count(1, timeout=WAIT_MS)
    expect(mark).to_have_attribute("aria-label", re.compile("MSFT rose above 190"))
    window.shot("instrument")

    mark.click()
    expect(page.get_by_role("heading", name="MSFT rose above 190")).to_be_visible()
    last = site.soglia.get("/v1/instruments/stock:MSFT").json()["position"]
    expect(page.locator(".timeline")).to_contain_text(f"quotes, partition {last['partition']}, offset {last['offset']}")
    expect(page.locator(".message-box")).to_contain_text(f"Mail to {email}", timeout=WAIT_MS)
    expect(page.locator(".message-box .reply")).to_have_text(re.compile(r"^250 2\.0\.0 Ok: queued as \d+$"), timeout=WAIT_MS)
    window.shot("story")

    page.get_by_role("link", name="Deliveries").click()
    expect(page.locator(".delivery")).to_have_count(1)
    page.locator(".delivery summary").click()
    expect(page.locator(".mail")).to_contain_text("stock:MSFT")
    window.shot("deliveries")
    page.get_by_role("link", name="Alerts", exact=True).click()
    expect(page.locator(".alert-row")).to_have_count(1)

    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_threshold_is_dragged_previewed_and_saved(site, person, screen, size):
    site.series(f"stock:DRAG{size['width']}", PAST)
    made = person.subscribe(f"stock:DRAG{size['width']}", high=190).json()
    window = screen(size=size, touch=size is PHONE)
    page = window.page
    window.log_in(person)
    window.go(f"#/instruments/stock%3ADRAG{size['width']}")
    grip = page.get_by_role("slider", name="High threshold")
    expect(grip).to_have_attribute("aria-valuenow", "190", timeout=WAIT_MS)
    expect(page.locator(".preview-words")).to_contain_text("would not have fired")
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20, steps=4)
    expect(grip).not_to_have_attribute("aria-valuenow", "190")
    page.mouse.move(x, y + 60, steps=6)
    page.mouse.up()
    value = float(grip.get_attribute("aria-valuenow"))
    assert 180 < value < 189
    expect(page.locator(".preview-words")).to_contain_text("As it is now: 0.")
    expect(page.get_by_label("High", exact=True)).to_have_value(str(value))
    window.shot("draft")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(SAVED)).to_be_visible(timeout=WAIT_MS)
    saved = person.get(f"/v1/subscriptions/{made['subscription_id']}").json()
    assert saved["high"] == value and saved["version"] > made["version"]


def test_a_threshold_dragged_by_a_finger(site, person, screen):
    site.series("stock:FINGER", PAST)
    person.subscribe("stock:FINGER", low=184)
    window = screen(size=PHONE, touch=True)
    page = window.page
    window.log_in(person)
    window.go("#/instruments/stock%3AFINGER")
    grip = page.get_by_role("slider", name="Low threshold")
    grip.wait_for()
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = window.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - 8 * step}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator(".preview-words")).to_contain_text("As it is now: 0.")
    assert float(grip.get_attribute("aria-valuenow")) > 185


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_thresholds_are_paused_and_resumed(site, person, screen, size):
    name = f"STILL{size['width']}"
    site.series(f"stock:{name}", PAST)
    made = person.subscribe(f"stock:{name}", high=190).json()
    path = f"/v1/subscriptions/{made['subscription_id']}"
    window = screen(size=size, touch=size is PHONE)
    page = window.page
    window.log_in(person)
    window.go(f"#/instruments/stock%3A{name}")
    grip = page.get_by_role("slider", name="High threshold")
    grip.wait_for()
    resume = page.get_by_role("button", name="Resume", exact=True)
    expect(resume).to_have_count(0)
    page.get_by_label("High", exact=True).fill("195")
    page.get_by_text("Pause", exact=True).click()
    window.shot("choices")
    begun = time.time() * 1000
    page.get_by_role("button", name="Pause for a week").click()
    expect(resume).to_be_focused(timeout=WAIT_MS)
    paused = person.get(path).json()
    assert 0 <= paused["paused_until_ms"] - begun - 7 * 86_400_000 < 60_000
    expect(page.locator(".pause-state")).to_contain_text(re.compile(r"Paused until \d+ \w+( \d+)?, \d\d:\d\d:\d\d\."))
    expect(grip).to_have_accessible_name("High threshold, paused")
    expect(page.locator(".threshold-paused:visible")).to_have_text("paused")
    # What was being written stays, and is saved on top of it.
    expect(page.get_by_label("High", exact=True)).to_have_value("195")
    window.shot("paused")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(SAVED)).to_be_visible(timeout=WAIT_MS)
    saved = person.get(path).json()
    assert (saved["high"], saved["paused_until"]) == (195, paused["paused_until"])

    site.kcat({"instrument": f"stock:{name}", "value": 196})
    row = page.locator(".alert-row")
    expect(row).to_contain_text("not told: paused", timeout=WAIT_MS)
    row.click()
    expect(page.get_by_text("Nobody was told: you had paused these thresholds.")).to_be_visible(timeout=WAIT_MS)
    window.shot("story")
    window.go("#/")
    expect(page.locator(f"tr[data-instrument='stock:{name}'] .paused-mark:visible")).to_have_text("paused", timeout=WAIT_MS)
    window.shot("overview")
    window.go(f"#/instruments/stock%3A{name}")
    page.get_by_text("Change the pause").click()
    page.get_by_role("button", name="Pause until I resume it").click()
    expect(page.locator(".pause-state")).to_contain_text("Paused until you resume it.", timeout=WAIT_MS)
    resume.click()
    expect(page.get_by_text("Resumed. You are told again.")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("Pause", exact=True)).to_be_focused()
    expect(resume).to_have_count(0)
    expect(grip).to_have_accessible_name("High threshold")
    assert person.get(path).json()["paused_until"] is None
    site.kcat({"instrument": f"stock:{name}", "value": 190}, {"instrument": f"stock:{name}", "value": 197})
    mail, = site.wait_for_mails(person.email, 1)
    assert "197" in mail.message["Subject"]


def test_a_pause_by_keyboard_over_a_change_from_elsewhere(site, person, screen):
    site.series("stock:QUIET", PAST)
    made = person.subscribe("stock:QUIET", high=190).json()
    path = f"/v1/subscriptions/{made['subscription_id']}"
    window = screen()
    page = window.page
    window.log_in(person)
    window.go("#/instruments/stock%3AQUIET")
    page.get_by_role("slider", name="High threshold").wait_for()
    assert person.ask("PATCH", path, json={"high": 200}, headers=MERGE).status_code == 200
    page.get_by_text("Pause", exact=True).focus()
    page.keyboard.press("Enter")
    tab_to(page, "Pause for a day")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It was changed elsewhere in the meantime.")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_label("High", exact=True)).to_have_value("200")
    assert person.get(path).json()["paused_until"] is None
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Resume", exact=True)).to_be_focused(timeout=WAIT_MS)
    now = person.get(path).json()
    assert now["high"] == 200 and now["paused_until"] is not None
    page.keyboard.press("Enter")
    expect(page.get_by_text("Resumed. You are told again.")).to_be_visible(timeout=WAIT_MS)
    assert person.get(path).json()["paused_until"] is None


def test_what_was_changed_elsewhere_is_shown_and_not_overwritten(site, person, screen):
    site.series("stock:TWICE", PAST)
    made = person.subscribe("stock:TWICE", high=190).json()
    path = f"/v1/subscriptions/{made['subscription_id']}"
    window = screen()
    page = window.page
    window.log_in(person)
    window.go("#/instruments/stock%3ATWICE")
    page.get_by_label("High", exact=True).fill("195")
    assert person.ask("PATCH", path, json={"high": 200}, headers=MERGE).status_code == 200
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It was changed elsewhere in the meantime.")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_label("High", exact=True)).to_have_value("200")
    assert person.get(path).json()["high"] == 200
    page.get_by_label("High", exact=True).fill("195")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(SAVED)).to_be_visible(timeout=WAIT_MS)
    assert person.get(path).json()["high"] == 195


def test_what_the_server_refuses_stands_at_its_field(person, screen):
    window = screen()
    page = window.page
    window.go("#/register")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill("password")
    page.get_by_role("button", name="Make account").click()
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_attribute("aria-invalid", "true", timeout=WAIT_MS)
    expect(password).to_be_focused()
    password.fill(PASSWORD)
    page.get_by_role("button", name="Make account").click()
    expect(page.locator(".form-error:visible, .field-error:not(:empty)")).to_have_count(1, timeout=WAIT_MS)
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".form-error")).to_be_visible(timeout=WAIT_MS)
    window.shot("refused")


def test_a_lost_connection_is_said_and_made_up_for(site, person, screen):
    site.series("stock:LOST", PAST)
    person.subscribe("stock:LOST", high=190)
    window = screen()
    page = window.page
    window.log_in(person)
    last = page.locator("tr[data-instrument='stock:LOST'] .value")
    expect(last).to_have_text(f"{PAST[-1]:.1f}", timeout=WAIT_MS)
    expect(page.locator(".live")).to_have_text("Live", timeout=WAIT_MS)
    with site.away():
        expect(page.get_by_text("No connection to the server.")).to_be_visible(timeout=WAIT_MS)
        window.shot("offline")
        site.kcat({"instrument": "stock:LOST", "value": 188.75})
    expect(page.locator(".live")).to_have_text("Live", timeout=2 * WAIT_MS)
    expect(last).to_have_text("188.75", timeout=WAIT_MS)
    site.kcat({"instrument": "stock:LOST", "value": 189.25})
    expect(last).to_have_text("189.25", timeout=WAIT_MS)


def test_without_a_stream_values_come_all_the_same(site, person, screen):
    site.series("stock:ASKED", PAST)
    person.subscribe("stock:ASKED", high=190)
    window = screen(size=PHONE)
    page = window.page
    page.route("**/v1/stream*", lambda route: route.fulfill(status=404))
    window.log_in(person)
    expect(page.locator(".live")).to_have_text("Every 3 s", timeout=WAIT_MS)
    window.shot("overview")
    site.kcat({"instrument": "stock:ASKED", "value": 189.25})
    expect(page.locator("tr[data-instrument='stock:ASKED'] .value")).to_have_text("189.25", timeout=WAIT_MS)


def test_a_refused_token_leads_back_to_where_one_was(person, screen):
    window = screen()
    page = window.page
    window.log_in(person)
    page.evaluate("sessionStorage.setItem('soglia.session', sessionStorage.getItem('soglia.session').replace(/\"token\":\"[^\"]*\"/, '\"token\":\"no.such.token\"'))")
    window.go("#/account")
    page.reload()
    expect(page.get_by_text("You were logged out.")).to_be_visible(timeout=WAIT_MS)
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Account", exact=True)).to_be_visible(timeout=WAIT_MS)


def test_account_settings(site, person, screen):
    window = screen()
    page = window.page
    window.log_in(person)
    window.go("#/account")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Time zone").select_option("America/Lima")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible(timeout=WAIT_MS)
    page.get_by_label("Kind").select_option("WEBHOOK")
    page.get_by_label("Address").fill("https://hooks.example.org/ada")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".secret")).to_contain_text("whsec_", timeout=WAIT_MS)
    window.shot("account")
    user = person.get("/v1/users/me").json()
    assert (user["display_name"], user["time_zone"]) == ("Ada Lovelace", "America/Lima")
    secret = next(channel["signing_secret"] for channel in user["channels"] if channel["kind"] == "WEBHOOK")
    expect(page.locator(".secret")).to_have_text(secret)

    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill("another grey heron")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password has been changed.")).to_be_visible(timeout=WAIT_MS)
    site.log_in(person.email, "another grey heron")

    page.get_by_label("to confirm").fill("eve@example.org")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("This is not the address of this account.")).to_be_visible()
    page.get_by_label("to confirm").fill(person.email)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Your account and all its alerts have been deleted.")).to_be_visible(timeout=WAIT_MS)
    refused = site.soglia.ask("POST", "/v1/sessions", json={"email": person.email, "password": "another grey heron"})
    assert refused.status_code == 401


HOSTILE = ['stock:<img src=x onerror="document.title=1">', "stock:'\"><script>alert(1)</script>", "stock:‮gnp.exe", "stock:a/b?c#d%2e&e=f",
           "stock:" + "W" * 120]


def test_hostile_names_and_labels_are_only_text(site, screen):
    person = site.person(display_name="<b>Ada</b>", time_zone=ZONE)
    for name in HOSTILE:
        site.series(name, [1, 2, 3])
        person.subscribe(name, high=5, label="<svg/onload=alert(2)> " + "M" * 120)
    window = screen(size=PHONE)
    page = window.page
    window.log_in(person)
    expect(page.locator("tr[data-instrument]")).to_have_count(len(HOSTILE), timeout=WAIT_MS)
    window.shot("overview")
    site.kcat(*({"instrument": name, "value": 6} for name in HOSTILE))
    site.wait_for_mails(person.email, len(HOSTILE))
    window.go("#/alerts")
    expect(page.locator(".alert-row")).to_have_count(len(HOSTILE), timeout=WAIT_MS)
    window.shot("alerts")
    for name in HOSTILE:
        window.go(f"#/instruments/{quote(name, safe='')}")
        expect(page.locator("h1")).to_contain_text(name.split(":", 1)[1], timeout=WAIT_MS)
        expect(page.locator(".big-value")).to_have_text("6", timeout=WAIT_MS)
        window.check()
    window.shot("instrument")
    assert page.locator("main img, main script, main b, main svg[onload]").count() == 0


def test_by_keyboard_alone(site, person, screen):
    site.series("stock:KEYS", PAST)
    window = screen()
    page = window.page
    press = page.keyboard.press
    window.go()
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(person.email)
    press("Tab")
    page.keyboard.type(PASSWORD)
    press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_focused(timeout=WAIT_MS)

    tab_to(page, "Watch an instrument")
    press("Enter")
    tab_to(page, "Search instruments")
    page.keyboard.type("key")
    expect(page.locator(".choice-list a")).to_have_count(1)
    press("ArrowDown")
    press("Enter")
    tab_to(page, "Low")
    press("Tab")
    page.keyboard.type("190")
    press("Enter")
    grip = page.get_by_role("slider", name="High threshold")
    expect(grip).to_be_visible(timeout=WAIT_MS)
    tab_to(page, "High threshold")
    expect(grip).to_be_focused()
    for key, sign in (("ArrowDown", -1), ("ArrowUp", 1), ("PageDown", -1), ("End", 1)):
        before = float(grip.get_attribute("aria-valuenow"))
        press(key)
        assert (float(grip.get_attribute("aria-valuenow")) - before) * sign > 0, key
        expect(grip).to_be_focused()
    press("Escape")
    expect(grip).to_have_attribute("aria-valuenow", "190")
    press("ArrowDown")
    moved = float(grip.get_attribute("aria-valuenow"))
    window.shot("moved")
    press("Enter")
    expect(page.get_by_text(SAVED)).to_be_visible(timeout=WAIT_MS)
    saved, = person.get("/v1/subscriptions?instrument=stock:KEYS").json()["subscriptions"]
    assert saved["high"] == moved

    site.kcat({"instrument": "stock:KEYS", "value": 191.5})
    expect(page.locator("a.alert-mark:visible")).to_have_count(1, timeout=WAIT_MS)
    tab_to(page, "KEYS rose above")
    press("Enter")
    expect(page.get_by_role("heading", name=re.compile("KEYS rose above"))).to_be_focused(timeout=WAIT_MS)


def tab_to(page, name):
    """Presses Tab until what is called so has the focus."""
    words = """() => { const one = document.activeElement;
        return [one.getAttribute('aria-label'), one.labels?.[0]?.textContent, one.textContent].filter(Boolean).join(' '); }"""

    def reached():
        page.keyboard.press("Tab")
        return name in page.evaluate(words)
    until(reached, WAIT_S, f"the focus on {name}")
