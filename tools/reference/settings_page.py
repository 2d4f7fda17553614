"""The page of the settings."""

from __future__ import annotations

import dataclasses

from certdesk.domain.accounts.quotas import Quotas
from certdesk.domain.people.provider import Provider
from certdesk.settings import (
    COMING,
    CONFIG,
    DECLARATIONS,
    PROVIDER_DECLARATIONS,
    Declaration,
    Settings,
)
from tools.reference.markdown import block, code, page, table

KINDS = {
    "str": "text",
    "bool": "`true` or `false`",
    "bool | None": "`true`, `false` or not set",
    "int": "whole number, {range}",
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
        for prefix, kept in (("", Settings), ("quotas.", Quotas), ("", Provider))
        for field in dataclasses.fields(kept)
    }
    return page(
        "Settings",
        "Every setting has a default. A later place wins over an earlier one:",
        table(
            ("Place", "How"),
            [
                ("settings file (TOML)", f"`--config FILE`, or the variable `{CONFIG}`"),
                ("environment", "`keys.stock.p_256` is `CERTDESK_KEYS_STOCK_P_256`"),
                ("options", "`--data`, `--database`, `--listen` and `--workers`"),
            ],
        ),
        "A dot in a name stands for a table in the file:",
        block(FILE, "toml"),
        "`certdesk settings` shows the values that its file, environment and options give. A name "
        "in the file that is not in this list is an error. The desk only warns of a name that "
        f"belongs to a part that is not built yet ({_coming()}).",
        "In the names of the last settings stands the name that you give a provider: a lower-case "
        "letter, then letters and digits, as in `oidc.company.issuer`, which is "
        "`CERTDESK_OIDC_COMPANY_ISSUER` in the environment.",
        table(
            ("Setting", "Type", "Default", "What it is"),
            [
                (
                    code(one.name),
                    _allowed(KINDS[kinds[one.attribute]], one),
                    _default(one.default),
                    one.explanation,
                )
                for one in (*DECLARATIONS, *PROVIDER_DECLARATIONS)
            ],
        ),
    )


def _allowed(kind: str, one: Declaration) -> str:
    range_ = f"{one.least} or more" if one.most is None else f"{one.least} to {one.most}"
    return kind.format(range=range_)


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
