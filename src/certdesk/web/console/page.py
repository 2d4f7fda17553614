"""What a page is made of: its declaration, what it is told, and what it answers.

A page is a module in `pages/` with its template beside it. It has a `PAGE`:

>>> def show(visit):
...     return Shown("Clock", now=visit.query.text("Zone"))
>>> PAGE = Page("/clock/{zone}", show)
>>> PAGE.template, PAGE.values_in("/clock/UTC"), PAGE.values_in("/clock")
('page.html', {'zone': 'UTC'}, None)
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from certdesk.domain.people.role import EVERYBODY_SIGNED_IN, Role
from certdesk.domain.values.record import Record

if TYPE_CHECKING:
    from certdesk.web.console.visit import Visit

KIB = 1024
_VALUE = re.compile(r"\{([a-z_]+)\}")


class Access(enum.Enum):
    """Who may open a page, besides what its roles say."""

    EVERYBODY = enum.auto()
    """Strangers too."""

    HALFWAY = enum.auto()
    """People who have typed a name and a password too, and not made the second step yet."""

    SIGNED_IN = enum.auto()
    """People who have signed in completely."""

    PROVED = enum.auto()
    """People who have also proved within the last minutes who they are: the page shows a secret."""


class Shown:
    """A page as it is shown: its title, and the values of its template.

    `template` takes the place of the page's own. `session` is the new value of the visitor's
    cookie, if it has one. `forms_to` are further origins that a form of the page may lead to.
    """

    def __init__(
        self,
        title: str,
        *,
        status: int = 200,
        template: str = "",
        session: str = "",
        forms_to: Sequence[str] = (),
        **values: object,
    ) -> None:
        """Show `values` under a title."""
        self.title = title
        self.status = status
        self.template = template
        self.session = session
        self.forms_to = forms_to
        self.values = values


class Redirect(Record):
    """Another page, asked for with GET.

    `path` begins after `/console`. `said` is the key of a sentence in `notices.py`, shown there.
    `session` is the new value of the visitor's cookie; "" takes the cookie away.
    """

    path: str
    said: str = ""
    session: str | None = None

    def __repr__(self) -> str:
        """Return the path: the session is a secret."""
        return f"Redirect({self.path})"


class File(Record):
    """A file to be saved. Browsers never show it as a part of the desk."""

    name: str
    kind: str
    content: bytes


def table(name: str, csv: str) -> File:
    """Return a table for a spreadsheet, which takes the mark at its beginning for UTF-8."""
    return File(name, "text/csv; charset=utf-8; header=present", csv.encode("utf-8-sig"))


Answered = Shown | Redirect | File
Show = Callable[["Visit"], Answered]


class Page(Record, gc=True):
    """A page of the console.

    `show` answers a GET, `act` a POST. A refusal of an action within `act` shows the page again,
    with the refusal beside its field. `roles` may open it. `menu` is the word in the navigation, if
    the page is in it. `field` is what a refusal is about that names no field. `body_limit` is in
    bytes.

    A page that `refreshes` another one is a part of it, which browsers ask for by themselves: a
    session ends as if they did not. A page that `asks_provider` may wait long for an answer.
    """

    path: str
    show: Show
    act: Show | None = None
    access: Access = Access.SIGNED_IN
    roles: Collection[Role] = EVERYBODY_SIGNED_IN
    menu: str = ""
    field: str = ""
    body_limit: int = 64 * KIB
    refreshes: bool = False
    asks_provider: bool = False

    @property
    def template(self) -> str:
        """The file beside the module that has `show`."""
        return f"{self.show.__module__.rpartition('.')[2]}.html"

    def values_in(self, path: str) -> Mapping[str, str] | None:
        """Return the values of `{names}` in a path; None if it is another page's."""
        found = _pattern(self.path).fullmatch(path)
        return found.groupdict() if found else None


_patterns: dict[str, re.Pattern[str]] = {}


def _pattern(path: str) -> re.Pattern[str]:
    if path not in _patterns:
        pieces = _VALUE.split(path)
        # Every second piece is a name.
        regular = "".join(
            f"(?P<{piece}>[^/]+)" if place % 2 else re.escape(piece)
            for place, piece in enumerate(pieces)
        )
        _patterns[path] = re.compile(regular)
    return _patterns[path]
