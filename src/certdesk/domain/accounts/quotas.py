"""The quotas of an account: each one is declared here, once.

The setting, its help, the counts in `usage` and the output of `certdesk account limits` follow from
the declaration. The store counts the quotas of the first part (`COUNTED`) in the transaction that
adds a record; those of the second part each limit a single record.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

PREFIX = "quota."
AUDIT = "audit"
GIB = 1024**3


class QuotaExceeded(Exception):
    """An account has reached a quota."""

    def __init__(self, kind: str, most: int) -> None:
        """Keep the quota, by its field of `Quotas`, and its limit."""
        self.kind = kind
        self.most = most
        what = DECLARED[kind]["what"]
        super().__init__(f"The account may have at most {most} {what} ({PREFIX}{kind}).")


def _counted(default: int, what: str) -> Any:  # noqa: ANN401 -- as dataclasses.field
    return _quota(default, what, f"At most for an account: {what}.", counted=True)


def _single(default: int, what: str, explanation: str) -> Any:  # noqa: ANN401 -- as above
    return _quota(default, what, explanation, counted=False)


def _quota(default: int, what: str, explanation: str, *, counted: bool) -> Any:  # noqa: ANN401 -- as above
    metadata = {"what": what, "help": explanation, "counted": counted}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """The quotas of every account of a desk; 0 means that none is allowed."""

    orders: int = _counted(100_000, "orders at any status, without uploads")
    open_orders: int = _counted(
        20_000, "orders that wait for material, validation, review, issue or revocation"
    )
    open_names: int = _counted(10_000, "names under validation")
    uploads: int = _counted(10_000, "uploaded certificates")
    proofs: int = _counted(1_000_000, "validations of names, of all submissions of all orders")
    letters: int = _counted(10_000, "letters, and files with answers to reviewers")
    stored_bytes: int = _counted(
        10 * GIB, "bytes of material, certificates, letters, names and tags"
    )
    companies: int = _counted(10_000, "companies")
    managers: int = _counted(10_000, "managers")
    users: int = _counted(1_000, "users")
    policies: int = _counted(1_000, "policies")
    projects: int = _counted(1_000, "projects")
    access_keys: int = _counted(10_000, "access keys, temporary and disabled ones included")
    zones: int = _counted(1_000, "DNS zones")
    audit: int = _counted(2_000_000, "rows of the audit log")
    submissions: int = _single(
        1_000, "submissions of one order", "Submissions of material for one order."
    )
    looks: int = _single(
        1_000,
        "checks without success of one name of one submission",
        "Checks without success that the desk keeps of one name of one submission. Of further ones "
        "only the order shows the last.",
    )
    tags: int = _single(50, "tags of one thing", "Tags of an order or a company.")
    tag_key: int = _single(127, "characters of a tag's key", "Characters of the key of a tag.")
    tag_value: int = _single(
        255, "characters of a tag's value", "Characters of the value of a tag."
    )


DECLARED: Mapping[str, Mapping[str, Any]] = {
    field.name: field.metadata for field in dataclasses.fields(Quotas)
}
"""The help and meaning of each quota, by its field."""

COUNTED = tuple(kind for kind, said in DECLARED.items() if said["counted"])
"""The quotas that the store counts for each account."""


def limits_of(quotas: Quotas, *, but: frozenset[str] = frozenset()) -> dict[str, int]:
    """Return the limits of an account for what is counted, without the quotas named in `but`."""
    return {kind: getattr(quotas, kind) for kind in COUNTED if kind not in but}
