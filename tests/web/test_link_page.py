"""The page behind the link of a mail, in a browser without JavaScript."""
import re

import pytest
from playwright.sync_api import expect

from support.web_page import DESK, PHONE, WAIT_MS

PAUSED = re.compile(r"Paused until \w+ \d+ \w+ \d{4}, \d\d:\d\d:\d\d \(Europe/Rome, UTC\+0[12]:00\)\.")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_an_alert_is_paused_resumed_and_ended_by_its_mail(site, person, screen, size, theme):
    instrument = f"stock:MAIL-{size['width']}-{theme}"
    path = person.subscribe(instrument, high=10, label="Pension").headers["Location"]
    site.kcat({"instrument": instrument, "value": 11})
    mail, = site.wait_for_mails(person.email, 1)
    text = mail.message.get_body(("plain",)).get_content()
    words, link = re.search(r"(.* this alert):\s+http://[^/]+/(u/\S+)", text).groups()
    assert words == "Change, pause or end this alert"
    window = screen(size=size, theme=theme, touch=size is PHONE, scripts=False)
    looking = screen(size=size, theme=theme, touch=size is PHONE)  # axe-core is a script.

    def look(name):
        looking.go(link)
        looking.shot(name)
    page = window.page
    window.go(link)
    expect(page.get_by_role("heading", name="Pension")).to_be_visible()
    look("told")
    page.get_by_role("button", name="Pause for a day").click()
    expect(page.get_by_role("status")).to_have_text("The alert is paused.", timeout=WAIT_MS)
    expect(page.get_by_text(PAUSED)).to_be_visible()
    look("paused")
    page.get_by_role("button", name="Pause until I resume it").click()
    expect(page.get_by_text("Paused until you resume it.")).to_be_visible(timeout=WAIT_MS)
    assert person.get(path).json()["paused_until"].startswith("9999-12-31")
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("The alert is resumed: you are told again.", timeout=WAIT_MS)
    expect(page.get_by_role("button", name="Resume", exact=True)).to_have_count(0)
    page.get_by_role("button", name="End this alert").click()
    expect(page.get_by_role("heading", name="This alert has ended")).to_be_visible(timeout=WAIT_MS)
    look("ended")
