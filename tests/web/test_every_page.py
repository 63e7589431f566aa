"""Every page in both themes, on a desk and on the narrowest phone: seen, kept as a picture, checked by axe-core."""
import pytest
from playwright.sync_api import expect

from support.web_page import DESK, PHONE, WAIT_MS, ZONE

WAVE = [100, 104, 108, 112, 108, 104, 100, 96, 92, 88, 92, 96] * 10


@pytest.fixture(scope="module")
def filled(site):
    """Somebody with something on every page."""
    site.series("stock:AAPL", WAVE)
    site.series("metric:gateway:latency_ms", [40 + i % 9 for i in range(80)])
    person = site.person(display_name="Ada", time_zone=ZONE)
    person.subscribe("stock:AAPL", low=90, high=110, rearm=1, label="Pension")
    person.subscribe("metric:gateway:latency_ms", high=60)
    person.subscribe("flight:CTA-MIL", low=60, paused_until="9999-12-31T23:59:59.999Z")
    site.kcat(*({"instrument": "stock:AAPL", "value": value} for value in (111, 100, 111.5, 89, 100)))
    site.wait_for_mails(person.email, 3)
    return person


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page(filled, screen, size, theme):
    window = screen(size=size, theme=theme, touch=size is PHONE)
    page = window.page
    window.go("#/register")
    page.get_by_role("button", name="Make account").wait_for()
    window.shot("register")
    window.log_in(filled)
    expect(page.locator("tr[data-instrument='stock:AAPL'] .spark-line[d]")).to_have_count(1, timeout=WAIT_MS)
    window.shot("overview")
    window.go("#/watch")
    page.locator(".choice-list a").first.wait_for()
    window.shot("watch")
    window.go("#/watch?instrument=stock%3AAAPL")
    page.locator(".watch-about").wait_for()
    window.shot("thresholds")
    window.go("#/instruments/stock%3AAAPL")
    page.locator("a.alert-mark:visible").first.wait_for()
    page.get_by_text("More conditions").click()
    page.get_by_text("Pause", exact=True).click()
    window.shot("instrument")
    window.go("#/instruments/flight%3ACTA-MIL")
    page.get_by_role("heading", name="No value yet").wait_for()
    window.shot("instrument-empty")
    window.go("#/alerts")
    page.locator(".alert-row").first.wait_for()
    window.shot("alerts")
    page.locator(".alert-row").filter(has_text="rose above").first.click()
    page.locator(".message-box").first.wait_for()
    window.shot("story")
    window.go("#/deliveries")
    page.locator(".delivery summary").first.click()
    window.shot("deliveries")
    window.go("#/account")
    page.get_by_role("button", name="Delete my account").wait_for()
    window.shot("account")
    window.go("#/alerts/0123")
    page.get_by_role("heading", name="There is nothing here").wait_for()
    window.shot("no-such-alert")
    window.go("#/nowhere")
    page.get_by_role("heading", name="No such page").wait_for()
    window.shot("no-such-page")


def test_the_theme_is_chosen_and_kept(person, screen):
    window = screen(theme="light")
    page = window.page
    window.log_in(person)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch to dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.reload()
    page.get_by_role("button", name="Switch to light").wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
