"""A reader who searches the sources for a term of the field finds where it lives."""

from __future__ import annotations

from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src/certdesk"

ROOMS = {
    "audit log": ("storage/audit.py", "ports/noting.py", "domain/accounts/records.py"),
    "backoff": ("domain/values/retry.py",),
    "caa": ("domain/validation/caa.py", "validation/caa.py", "ports/validation.py"),
    "challenge": ("domain/validation/challenge.py", "actions/validation/challenges.py"),
    "crl": ("domain/pki/crl.py", "issuers/revocation_lists.py", "web/pki.py"),
    "ocsp": ("domain/pki/ocsp.py", "issuers/responder.py", "web/ocsp.py"),
    "quota": ("domain/accounts/quotas.py", "storage/usage.py", "operator/limits.py"),
    "rate limit": (
        "ports/admission.py",
        "storage/memory_rate_limiter.py",
        "web/rate_limits.py",
        "domain/validation/rate_limit.py",
        "workflow/validation_rate_limiter.py",
    ),
    "renewal": (
        "domain/orders/renewal.py",
        "workflow/renewing.py",
        "actions/lifecycle/successor.py",
    ),
    "replay": (
        "domain/accounts/replay.py",
        "storage/memory_admission.py",
        "storage/postgresql/admission.py",
    ),
    "retention": (
        "domain/privacy/retention.py",
        "workflow/retention/__init__.py",
        "workflow/retention/records.py",
    ),
    "retry": ("domain/values/retry.py",),
    "revocation": (
        "actions/lifecycle/revoke.py",
        "operator/revocation.py",
        "domain/values/revocation_reason.py",
    ),
    "validation": (
        "domain/validation/__init__.py",
        "actions/validation/__init__.py",
        "validation/__init__.py",
        "workflow/validation_run.py",
    ),
    "vetting": (
        "domain/vetting/__init__.py",
        "actions/vetting/__init__.py",
        "operator/vetting/__init__.py",
    ),
}
"""Each term, and the modules where its rule is and where it is carried out."""


def _found_by(module: str) -> str:
    first_line = (SRC / module).read_text("utf-8").split("\n", 1)[0]
    return f"{module} {first_line}".replace("_", " ").lower()


@pytest.mark.parametrize("term", ROOMS)
def test_a_search_for_a_term_finds_its_modules(term: str) -> None:
    """By the path, or by the first line of the docstring."""
    assert [module for module in ROOMS[term] if term not in _found_by(module)] == []
