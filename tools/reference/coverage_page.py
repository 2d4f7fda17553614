"""The page that says how far each action and each of its fields is built."""

from __future__ import annotations

from tencentcloud.ssl.v20191205.ssl_client import SslClient

from certdesk.catalog import Action
from tools.reference.action_pages import how_far
from tools.reference.fields import members, parameters
from tools.reference.markdown import code, page, table

WORDS = """\
- **real**: it does what the API says it does, as far as the actions that are built reach;
- **stored only**: it is checked and kept, and nothing acts on it yet;
- **ignored**: it is taken for the sake of clients, and has no effect;
- **withheld**: the member is there and always null, because its value is a secret;
- **not implemented**: nothing fills it yet; what stands there meanwhile is said."""


def coverage_page(actions: list[Action]) -> str:
    """Say per action and per field how far it is built, and name the actions that are not."""
    built = [action.name for action in actions]
    missing = [name for name in api_actions() if name not in built]
    return page(
        "Coverage",
        f"certdesk answers {len(built)} of the {len(missing) + len(built)} actions that the "
        "vendor's international edition has. This page is made of the declarations that the "
        "program runs on: a parameter carries its mark in its type, and a member of a reply has "
        "a default value exactly where nothing fills it. The words:",
        WORDS,
        "What differs from the vendor's service is in [compat.md](compat.md).",
        *(part for action in actions for part in _action(action)),
        "## Not built",
        "These are answered with `UnsupportedOperation`:",
        "\n".join(f"- {code(name)}" for name in missing),
    )


def api_actions() -> list[str]:
    """Name the actions of the vendor's service, as its official Python client has them."""
    return sorted(name for name in vars(SslClient) if name[0].isupper())


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
