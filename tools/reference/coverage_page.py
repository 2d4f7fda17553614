"""The page that says how far each action and each of its fields is built."""

from __future__ import annotations

from collections.abc import Iterable

from tencentcloud.ssl.v20191205.ssl_client import SslClient

from certdesk.catalog import Action
from certdesk.wire.vendor import ACTIONS
from tools.reference.action_pages import how_far
from tools.reference.fields import members, parameters
from tools.reference.markdown import code, page, table

WORDS = """\
- **real**: it does what the API says, within the actions that are built;
- **stored only**: the desk checks and stores it, but nothing acts on it yet;
- **ignored**: the desk accepts it, and it has no effect;
- **withheld**: the member is there and always empty, because its value is a secret;
- **not implemented**: nothing fills it yet; the page shows the value that is there."""


def coverage_page(actions: list[Action]) -> str:
    """Say per action and per field how far it is built, and name the actions that are not."""
    international = {name for name in vars(SslClient) if name[0].isupper()}
    built = {action.name for action in actions}
    return page(
        "Coverage",
        f"certdesk has {len(built & international)} of the {len(international)} actions of the "
        f"vendor's international edition, and {len(built)} of the {len(ACTIONS)} of both editions. "
        "The words of the tables:",
        WORDS,
        "[Differences](compat.md) says how it differs from the vendor's service.",
        *(part for action in actions for part in _action(action)),
        "## Not built",
        "These get `UnsupportedOperation`. In the international edition:",
        _list(international - built),
        "Only in the mainland edition:",
        _list(ACTIONS - international - built),
    )


def _list(names: Iterable[str]) -> str:
    return "\n".join(f"- {code(name)}" for name in sorted(names))


def _action(action: Action) -> list[str]:
    return [
        f"## {action.name}",
        f"[Reference](reference/{action.name}.md)",
        table(
            ("Parameter", "Type", "How far"),
            [(code(one.path), one.kind, how_far(one)) for one in parameters(action.request)],
        ),
        table(
            ("Member of the reply", "Type", "How far"),
            [(code(one.path), one.kind, how_far(one)) for one in members(action.reply)],
        ),
    ]
