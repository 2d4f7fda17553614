"""The pages for requests that are refused or fail, by status."""

from __future__ import annotations

from collections.abc import Mapping

from certdesk.domain.values.record import Record


class Trouble(Record):
    """What the page for a status says: its title and what the person can do."""

    title: str
    text: str


TROUBLES = {
    400: Trouble("The form cannot be read", "Go back, load the page again and send it once more."),
    403: Trouble("Not allowed", "Your sign-in does not allow this."),
    404: Trouble(
        "Not found", "There is no such page, or it is about something that is not yours to see."
    ),
    405: Trouble(
        "Method not allowed", "Open this page by its link, and send forms by their button."
    ),
    413: Trouble("Too large", "What you sent is larger than this page takes."),
    429: Trouble("Too many requests", "Wait a moment, then load the page again."),
    500: Trouble("The desk failed", "The fault is in its log. Tell the operator the number below."),
    503: Trouble("The desk is busy", "Nothing was changed. Try again in a minute."),
}


class Refused(Exception):
    """A request gets the page of a status; `text` takes the place of the page's own."""

    def __init__(
        self, status: int, text: str = "", *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer with `headers` besides the usual ones."""
        self.status, self.text, self.headers = status, text, dict(headers or {})
        super().__init__(f"{status} {text}")
