"""Debian's Chromium, and what is asked of every page in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, sync_playwright

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


class Watcher:
    """What a page did that it must not: it broke its policy, raised a dialog, asked elsewhere."""

    def __init__(self, page: Page) -> None:
        """Watch a page from now on."""
        self.found: list[str] = []
        self._host = ""
        page.on("console", lambda message: self._note("console", message.text, message.type))
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        page.on("request", self._check_host)
        page.on("dialog", self._dismiss)

    def _note(self, what: str, text: str, kind: str) -> None:
        # A page with a refusal has a status that Chromium reports too.
        if kind == "error" and "Failed to load resource" not in text:
            self.found.append(f"{what}: {text}")

    def _check_host(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("data", "about", "blob"):
            return
        self._host = self._host or url.netloc
        if url.netloc != self._host:
            self.found.append(f"asked {request.url}")

    def _dismiss(self, dialog: object) -> None:
        self.found.append(f"dialog: {dialog}")
        dialog.dismiss()  # type: ignore[attr-defined]  # Playwright's Dialog, which it exports untyped


def check_page(page: Page) -> None:
    """Let axe-core look at a page. It needs a context with `bypass_csp=True`."""
    page.evaluate((AXE / "axe.min.js").read_text("utf-8"))
    told = page.evaluate("(tags) => axe.run({runOnly: tags})", RULES)
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
