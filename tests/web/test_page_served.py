"""How the page comes: what its headers promise, that a browser can keep it, that nothing of it is inline."""
import gzip
import re

import pytest
import requests

WAIT_S = 20
POLICY = {"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "font-src 'self'",
          "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"}


@pytest.fixture
def served(site):
    return site.soglia


def references(text):
    return re.findall(r'(?:src|href)="(/assets/[^"]+)"', text)


def imports(served, path):
    """The addresses of all modules that a module leads to, itself included."""
    found, left = {}, [path]
    while left:
        one = left.pop()
        if one in found:
            continue
        found[one] = served.get(one)
        for name in re.findall(r"from '([^']+)'", found[one].text):
            left.append(requests.compat.urljoin(f"http://x{one}", name).removeprefix("http://x"))
    return found


def test_the_page_and_all_that_it_asks_for(served):
    page = served.get("/")
    assert page.status_code == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert set(page.headers["Content-Security-Policy"].split("; ")) == POLICY
    assert page.headers["X-Content-Type-Options"] == "nosniff" and page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-cache"
    again = served.get("/", headers={"If-None-Match": page.headers["ETag"]})
    assert again.status_code == 304 and again.content == b""
    assert not re.search(r"<style|<script>|style=|\son\w+=", page.text), "nothing is inline"

    modules = imports(served, next(one for one in references(page.text) if one.endswith("/core/app.js")))
    files = modules | {one: served.get(one) for one in references(page.text)}
    assert len(files) > 25
    for path, answer in files.items():
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable", path
    kinds = {path.rsplit(".", 1)[1]: answer.headers["Content-Type"] for path, answer in files.items()}
    assert kinds == {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml; charset=utf-8"}
    version = references(page.text)[0].split("/")[2]
    assert "Leon Sorokin" in served.get(f"/assets/{version}/uplot/LICENSE.txt").text


def test_gzip_for_those_who_take_it(served):
    path = references(served.get("/").text)[0]
    plain = requests.get(f"http://{served.listen}{path}", headers={"Accept-Encoding": "identity"}, timeout=WAIT_S, stream=True).raw.read()
    packed = requests.get(f"http://{served.listen}{path}", headers={"Accept-Encoding": "gzip"}, timeout=WAIT_S, stream=True)
    assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.raw.read()) == plain


def test_an_old_address_is_gone_and_the_list_is_at_api(served):
    assert served.get("/assets/0000000000000000/core/app.js").status_code == 404
    assert "/v1/instruments" in served.get("/api").text


def test_the_page_opens_without_a_word_of_complaint(served, browser, axe):
    """The entrance needs nothing but the files: the policy allows them all, and the log-in stands there at once."""
    said = []
    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"http://{served.listen}/#/alerts")
    page.get_by_role("heading", name="Log in").wait_for()
    page.evaluate(axe)
    assert page.evaluate("axe.run()")["violations"] == []
    colour = page.evaluate("getComputedStyle(document.querySelector('.button-main')).backgroundColor")
    assert colour != "rgba(0, 0, 0, 0)", "the style sheets are there"
    page.close()
    assert said == []
