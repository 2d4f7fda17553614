"""The settings of a PostgreSQL session; they override those of server, database and role.

The server's file, `ALTER DATABASE`, `ALTER ROLE` and the environment can all change a session's
defaults. Each setting that affects what the desk writes, reads or finds is set for every session by
a statement, the only way that works through a pooler. Settings that a session cannot change are
checked, and bad ones are refused.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from certdesk.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

STATEMENT_SECONDS = 3.0

SCHEMA = {"search_path": "public"}
"""The schema of the tables, unless the URL names another."""

# https://www.postgresql.org/docs/current/runtime-config-client.html
PINNED = {
    # How values are written and read.
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "array_nulls": "on",
    "standard_conforming_strings": "on",
    "backslash_quote": "safe_encoding",
    "transform_null_equals": "off",
    "xmlbinary": "base64",
    "xmloption": "content",
    "quote_all_identifiers": "off",
    # How transactions begin and what ends them.
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    "exit_on_error": "off",
    # Searches return everything or an error.
    "gin_fuzzy_search_limit": "0",
    "row_security": "off",
}
"""The same in every session; a name that the server does not know is skipped."""

REFUSED = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "zero_damaged_pages": "on",
    "ignore_checksum_failure": "on",
}
"""Settings that a server must not have: it might lose acknowledged orders."""

MUST_BE_ON = tuple(name for name, value in REFUSED.items() if value == "off")

# Names are qualified, since a schema in the path may have functions with the same names.
_SET = """
SELECT pg_catalog.set_config(wanted.name, wanted.value, false)
  FROM pg_catalog.json_each_text(%s::pg_catalog.json) AS wanted(name, value)
"""
_PIN = """
SELECT pg_catalog.set_config(known.name, wanted.value, false)
  FROM pg_catalog.pg_settings AS known
  JOIN pg_catalog.json_each_text(%s::pg_catalog.json) AS wanted(name, value)
    ON pg_catalog.lower(known.name) = pg_catalog.lower(wanted.name)
"""
_READ_SETTINGS = "SELECT " + ", ".join(
    f"pg_catalog.current_setting('{name}')"
    for name in ("server_encoding", "transaction_read_only", *REFUSED)
)

_WORD = re.compile(r"(?:\\.|[^\s\\])+", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SETTING = re.compile(r"(?:-c|--)([A-Za-z_.-]+)=(.*)", re.DOTALL)


def limits(lock_seconds: float) -> dict[str, str]:
    """Return the time limits of a session, which the URL may change."""
    return {
        "lock_timeout": f"{lock_seconds:g}s",
        "statement_timeout": f"{STATEMENT_SECONDS:g}s",
        # A process that hangs in a transaction must not block the others.
        "idle_in_transaction_session_timeout": f"{STATEMENT_SECONDS:g}s",
    }


def of_options(options: str) -> dict[str, str]:
    """Read `options` of a URL: `-c name=value` or `--name=value`, and a backslash before a space.

    Raises:
        StoreUnavailable: it contains something else.
    """
    joined: list[str] = []
    for word in _WORD.findall(options):
        # `-c` and its setting may be one word or two.
        before = joined.pop() if joined and joined[-1] == "-c" else ""
        joined.append(before + _ESCAPED.sub(r"\1", word))
    found = [_SETTING.fullmatch(word) for word in joined]
    if not all(found):
        raise StoreUnavailable(
            "the database cannot be opened: options in its URL are -c NAME=VALUE, separated by "
            "spaces (%20)"
        )
    return {one[1].lower().replace("-", "_"): one[2] for one in found if one}


def set_up(connection: Any, wanted: Mapping[str, str]) -> None:  # noqa: ANN401 -- the driver's, which is imported late
    """Apply the `wanted` settings to a new session, then the fixed ones; refuse an unsafe server.

    Raises:
        Error: of the driver, if the server does not know a wanted setting.
        StoreUnavailable: the server might lose what it acknowledges, cannot store every text, or is
            read-only.
    """
    connection.execute(_SET, [json.dumps(dict(wanted))])
    connection.execute(_PIN, [json.dumps(PINNED)])
    encoding, read_only, *values = connection.execute(_READ_SETTINGS).fetchone()
    if encoding != "UTF8":
        raise StoreUnavailable(f"the database has the encoding {encoding}: make one with UTF8")
    for (name, wrong), value in zip(REFUSED.items(), values, strict=True):
        if value == wrong:
            right = "on" if wrong == "off" else "off"
            raise StoreUnavailable(
                f"PostgreSQL runs with {name} {wrong} and might lose acknowledged orders: "
                f"set {name} to {right} (for the server, the database and the user)"
            )
    if read_only == "on":
        raise StoreUnavailable(
            "PostgreSQL accepts no changes: it is a standby, or "
            "default_transaction_read_only is on for the server, the database or the user"
        )
