"""The tables of the first release, a module for each topic; each adds its tables to `SCHEMA`."""

from __future__ import annotations

from certdesk.storage.migrations.first_schema import (
    accounts,
    desk,
    issuing,
    orders,
    validation,
    vetting,
)
from certdesk.storage.migrations.first_schema.columns import SCHEMA

__all__ = ["SCHEMA", "accounts", "desk", "issuing", "orders", "validation", "vetting"]
