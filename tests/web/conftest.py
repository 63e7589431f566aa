"""Fixtures of the page's tests: Debian's Chromium by Playwright, axe-core from npm."""
import shutil
import subprocess

import pytest
from playwright.sync_api import sync_playwright

from support.site import Site
from support.web_page import ARGUMENTS, ROOT, ZONE, Screen, folder_of

AXE = ("axe-core", "4.14.1")
AXE_INTEGRITY = "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The text of axe-core."""
    folder = tmp_path_factory.mktemp("npm") / "axe"
    subprocess.run([ROOT / "scripts/npm-fetch.sh", *AXE, folder, AXE_INTEGRITY], check=True)
    return (folder / "axe.min.js").read_text()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(kafka, tmp_path_factory):
    """The installation of all the page's tests: each has people and instruments of its own."""
    running = Site(kafka, tmp_path_factory.mktemp("site"))
    running.soglia.settings["mail.link_base"] = f"http://{running.soglia.listen}/"
    try:
        yield running.start()
    finally:
        running.end()


@pytest.fixture
def person(site):
    """Somebody new, in the browser's time zone."""
    return site.person(display_name="Ada", time_zone=ZONE)


@pytest.fixture
def screen(browser, axe, site, request):
    """Opens windows on the site. A test that ends well has seen nothing go wrong in any of them."""
    folder = folder_of(request.node.name)
    opened = []

    def make(**options):
        opened.append(Screen(browser, axe, f"http://{site.soglia.listen}", folder, **options))
        return opened[-1]
    yield make
    for one in opened:
        if not one.page.is_closed():
            one.page.screenshot(path=folder / f"end-{opened.index(one)}.png")
        one.close()
    for one in opened:
        one.check()
