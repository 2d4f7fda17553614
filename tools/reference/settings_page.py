"""The page of the settings."""

from __future__ import annotations

import dataclasses

from certdesk.domain.quotas import Quotas
from certdesk.settings import COMING, CONFIG, DECLARATIONS, Settings
from tools.reference.markdown import block, code, page, table

KINDS = {
    "str": "text",
    "bool": "`true` or `false`",
    "bool | None": "`true`, `false` or not set",
    "int": "whole number, {least} or more",
    "Literal": "one of these words",
    "tuple[str, ...]": "list of texts",
    "tuple[int, ...]": "list of whole numbers",
}

FILE = """\
[keys.stock]
rsa_2048 = 64

[log]
level = "warning\""""


def settings_page() -> str:
    """List every setting with its type, default and other names."""
    kinds = {
        f"{prefix}{field.name}": _kind(str(field.type))
        for prefix, kept in (("", Settings), ("quotas.", Quotas))
        for field in dataclasses.fields(kept)
    }
    return page(
        "Settings",
        "Every setting has a default. A settings file (TOML; `--config FILE`, or else the variable "
        f"`{CONFIG}`) wins over the defaults, the environment over the file, and `--data`, "
        "`--database` and `--listen` over all. A dot in a name is a table in the file:",
        block(FILE, "toml"),
        "`certdesk settings` shows what holds with the options and the environment that it is "
        "given. A name in the file that is not in this list is an error, unless it belongs to a "
        f"part of the desk that is not built yet ({_coming()}): then a warning says that it has no "
        "effect.",
        table(
            ("Setting", "In the environment", "Type", "Default", "What it is"),
            [
                (
                    code(one.name),
                    code(one.variable),
                    KINDS[kinds[one.attribute]].format(least=one.least),
                    _default(one.default),
                    one.explanation,
                )
                for one in DECLARATIONS
            ],
        ),
    )


def _kind(annotation: str) -> str:
    return annotation if annotation in KINDS else annotation.partition("[")[0]


def _default(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(code, value)) or "empty"
    if isinstance(value, bool):
        return code(str(value).lower())
    if value is None:
        return "not set"
    return code(str(value)) if value != "" else "empty"


def _coming() -> str:
    return ", ".join(code(f"{prefix}…") for prefix in COMING)
