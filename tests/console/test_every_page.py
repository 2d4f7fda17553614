"""What every page has to do for everybody: each is looked at in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from certdesk.web.console.pages import PAGES
from tests.console.browsers import check_contrast, check_keyboard, check_page, check_width
from tests.console.desks import ConsoleDesk
from tests.console.walk import NOT_SHOWN, STOPS, Stop, visited


def test_every_page_is_looked_at(console: ConsoleDesk) -> None:
    """A new one has a line in `walk.py`."""
    shown = {page.show for stop in STOPS if (page := stop.page_of(console)) is not None}
    # A form that is sent to a page of its own shows the page that it is on.
    assert {page.path for page in PAGES if page.show not in shown} == NOT_SHOWN.keys()


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_a_page_can_be_used_by_everybody_and_does_nothing_else(
    console: ConsoleDesk, browser: Browser, stop: Stop
) -> None:
    """With a screen reader, by keyboard, on a telephone, in the light and in the dark.

    It breaks no policy and asks nobody else: the browser enforces the one and tells the other.
    """
    with visited(browser, console, stop) as (page, found):
        assert found == []
        assert page.locator("h1").count() == 1
        check_page(page)
        check_width(page)
        check_keyboard(page)
        page.emulate_media(color_scheme="dark")
        check_contrast(page)
