"""Debian's Chromium, and what is asked of every page in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright

from tools import servers

AXE = Path(__file__).resolve().parents[2] / ".venv" / "node" / "node_modules" / "axe-core"
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 800}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser as long as the context lasts."""
    # Its sandbox does not start for root.
    alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=servers.find("chromium"), args=alone)
        yield browser
        browser.close()


def watch(page: Page, found: list[str]) -> None:
    """Note what a page does that it must not: break its policy, raise a dialog, ask elsewhere."""
    hosts: set[str] = set()

    def note(message: ConsoleMessage) -> None:
        # A page with a refusal has a status that Chromium reports too.
        if message.type == "error" and "Failed to load resource" not in message.text:
            found.append(f"console: {message.text}")

    def check_host(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "about", "blob"):
            hosts.add(url.netloc)
        if len(hosts) > 1:
            found.append(f"asked {request.url}")

    def dismiss(dialog: Dialog) -> None:
        found.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    page.on("request", check_host)
    page.on("dialog", dismiss)


def check_page(page: Page) -> None:
    """Let axe-core look at a page."""
    page.evaluate((AXE / "axe.min.js").read_text("utf-8"))
    _check(page, {"runOnly": RULES})


def check_contrast(page: Page) -> None:
    """Let axe-core, which is in the page already, look at its colours once more."""
    _check(page, {"runOnly": ["color-contrast"]})


def _check(page: Page, options: dict[str, list[str]]) -> None:
    told = page.evaluate("(options) => axe.run(options)", options)
    assert [_words(each) for each in told["violations"]] == [], page.url


def _words(violation: dict[str, object]) -> str:
    nodes = violation["nodes"]
    assert isinstance(nodes, list)
    return f"{violation['id']}: {violation['help']}: {[node['html'] for node in nodes]}"


def check_width(page: Page) -> None:
    """A page fits a telephone: nothing has to be scrolled sideways but tables in their frames."""
    before = page.viewport_size
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a dict with these two keys
    wide = page.evaluate(
        "() => [...document.querySelectorAll('body *')]"
        ".filter(each => each.getBoundingClientRect().right > innerWidth + 1"
        " && !each.closest('.scrolls') && !each.closest('.skip'))"
        ".map(each => each.outerHTML.slice(0, 120))"
    )
    width = page.evaluate("() => document.documentElement.scrollWidth")
    if before:
        page.set_viewport_size(before)
    assert (wide, width <= NARROW["width"]) == ([], True), f"{page.url}: {wide} {width}"


def check_keyboard(page: Page) -> None:
    """With Tab alone each link, field and button is reached, and seen to be."""
    page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
    expected = page.evaluate(f"() => [...document.querySelectorAll('{CONTROLS}')].length")
    reached = set()
    for _ in range(expected + 5):
        page.keyboard.press("Tab")
        place = page.evaluate(FOCUSED)
        if place is None:
            break
        number, seen = place
        assert seen, f"{page.url}: focus cannot be seen on {number}"
        reached.add(number)
    assert len(reached) >= page.evaluate(REACHABLE), f"{page.url}: {sorted(reached)}"


CONTROLS = (
    "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), "
    "select:not([disabled]), textarea:not([disabled]), summary"
)
FOCUSED = f"""() => {{
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const all = [...document.querySelectorAll('{CONTROLS}')];
  const style = getComputedStyle(at);
  const seen = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
  return [all.indexOf(at), seen];
}}"""
# Of radio buttons with one name the arrows reach the others; what is folded away counts not.
REACHABLE = f"""() => {{
  const names = new Set();
  return [...document.querySelectorAll('{CONTROLS}')].filter(each => {{
    if (!each.checkVisibility()) return false;
    if (each.type !== 'radio') return true;
    const first = !names.has(each.name);
    names.add(each.name);
    return first;
  }}).length;
}}"""
