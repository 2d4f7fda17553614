"""A page that refreshes itself: by htmx, under the policy of every page."""

from __future__ import annotations

import pytest
from jinja2 import Environment
from playwright.sync_api import Browser, Route

from certdesk.web.console.forms import Form
from certdesk.web.console.headers import policy
from certdesk.web.console.rendering import environment
from certdesk.web.console.static_files import StaticFiles
from tests.console.browsers import watch
from tests.console.desks import ConsoleDesk

PAGE = """
{% extends "layout.html" %}
{% import "macros.html" as ui with context %}
{% block scripts %}{{ ui.live() }}{% endblock %}
{% block content %}
<p id="part" hx-get="/console/part" hx-trigger="load" hx-nonce="{{ nonce }}">Old</p>
<p id="alien" hx-get="/console/alien" hx-trigger="load">Alien</p>
{% endblock %}
"""
PART = """<b>New</b><script>alert(1)</script><img src="x:" onerror="alert(2)">
<i hx-get="/console/alien" hx-trigger="load">of a tenant</i>"""
NOBODY: dict[str, object] = {
    "title": "Live",
    "form_token": "",
    "who": None,
    "menu": (),
    "path": "",
    "typed": Form(),
    "problem": {},
    "notice": "",
}


def page(templates: Environment, nonce: str) -> str:
    """Return the page as the console would render it."""
    return templates.from_string(PAGE).render(NOBODY, nonce=nonce)


@pytest.mark.needs("chromium")
def test_a_page_refreshes_itself_and_runs_nothing_of_what_it_shows(
    console: ConsoleDesk, browser: Browser
) -> None:
    """Neither scripts in a part nor elements without the nonce of the page do anything."""
    templates, asked = environment(StaticFiles()), []

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        asked.append(name)
        body = page(templates, "abc") if name == "live" else PART
        headers = {"Content-Security-Policy": policy("abc" if name == "live" else "def")}
        route.fulfill(body=body, content_type="text/html; charset=utf-8", headers=headers)

    tab = browser.new_page()
    found: list[str] = []
    watch(tab, found)
    for name in ("live", "part", "alien"):
        tab.route(f"**/console/{name}", answer)
    # The script that keeps elements out comes late, when htmx could have begun without it.
    late: list[Route] = []
    tab.route("**/hx-csp.min.*", lambda route: late.append(route))  # noqa: PLW0108 -- Playwright marks it
    tab.goto(console.url("/console/live"), wait_until="commit")
    tab.wait_for_function("() => window.htmx", polling=20)
    tab.evaluate("() => new Promise((done) => setTimeout(() => setTimeout(done)))")
    assert asked == ["live"]
    late.pop().continue_()
    tab.wait_for_selector("#part b")
    tab.wait_for_load_state("networkidle")
    assert asked == ["live", "part"]
    assert tab.inner_text("#alien") == "Alien"
    assert [each for each in found if each.startswith("dialog")] == []
    assert any("hx-csp" in each for each in found), "nothing was kept out"
    tab.close()
