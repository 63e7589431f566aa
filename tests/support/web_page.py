"""The web page, seen in a browser."""
import re
import shutil
from pathlib import Path

from support.site import PASSWORD, WAIT_S

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "build/test/web"
WAIT_MS = WAIT_S * 1000
# Chromium as root has no sandbox; it looks for nothing outside.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The browser itself draws options: there are hundreds of time zones.
LOOK = "rules => axe.run({exclude: ['option']}, {runOnly: rules, resultTypes: ['violations']})"
# A browser says so of every answer that is no success; the page has its own words for those.
EXPECTED_IN_CONSOLE = "Failed to load resource"
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 320, "height": 640}
ZONE = "Europe/Rome"


class Screen:
    """A window of the browser. What goes wrong in the page fails the test; `shot` keeps and checks what is seen."""

    def __init__(self, browser, axe, url, folder, *, size=DESK, theme="light", touch=False, scripts=True):
        self.context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce", has_touch=touch, is_mobile=touch,
                                           timezone_id=ZONE, locale="en-GB", java_script_enabled=scripts)
        self.context.set_default_timeout(WAIT_MS)
        self.page = self.context.new_page()
        self.url, self.theme, self.folder, self._axe, self._size = url, theme, folder, axe, size
        self.wrong = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"a dialog: {dialog.message}"), dialog.dismiss()))

    def _note(self, message):
        if message.type in ("error", "warning") and EXPECTED_IN_CONSOLE not in message.text:
            self.wrong.append(message.text)

    def go(self, hash_path=""):
        self.page.goto(f"{self.url}/{hash_path}")

    def log_in(self, person):
        self.go("#/login")
        self.page.get_by_label("E-mail").fill(person.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.get_by_role("heading", name="Overview").wait_for()

    def shot(self, name):
        """Keeps a picture; nothing may stick out sideways, and axe-core must find nothing."""
        width = f"{self._size['width']}"
        self.page.evaluate("scrollTo(0, 0)")
        self.page.screenshot(path=self.folder / f"{name}-{width}-{self.theme}.png", full_page=True)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self._size["width"], f"{name} is too wide for {width}"
        if self.page.evaluate("typeof axe") == "undefined":
            self.page.evaluate(self._axe)
        found = self.page.evaluate(LOOK, RULES)
        assert found["violations"] == [], [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
        assert len(found["passes"]) > 10, "axe-core has looked"
        self.check()

    def check(self):
        assert self.wrong == []

    def close(self):
        self.context.close()


def folder_of(name):
    """An empty folder for the pictures of a test."""
    folder = SCREENS / re.sub(r"\W+", "-", name).strip("-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
