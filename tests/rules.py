"""The rules of a desk in tests: by the default settings, apart from what a test is about."""

from __future__ import annotations

from typing import Any

from certdesk.bootstrap.rules import rules_of
from certdesk.domain.rules import Rules
from certdesk.domain.values.record import replace
from certdesk.settings import Settings


def rules_with(**differing: Any) -> Rules:  # noqa: ANN401 -- as dataclasses.replace
    """Return the rules of a desk with default settings, with `differing` in place of some."""
    return replace(rules_of(Settings(), sandbox=False), **differing)
