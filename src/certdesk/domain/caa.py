"""What CAA records permit: RFC 8659, and RFC 8657 for accounts and methods.

Nothing here asks for records; where those of a name are to be looked for is in `proving/caa.py`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence

from certdesk.domain.proof import ProofKind

CRITICAL = 0x80
ISSUE, ISSUE_WILD, REPORT = "issue", "issuewild", "iodef"

METHODS = {
    ProofKind.TXT: frozenset({"dns-01", "ca-dns"}),
    ProofKind.CNAME: frozenset({"dns-01", "ca-dns"}),
    ProofKind.FILE: frozenset({"http-01", "ca-file"}),
}
"""What `validationmethods` may call a proof: the ACME method of the same kind, or our own label.

RFC 8657, 4, wants labels that begin with `ca-` for methods that are not of ACME.
"""

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII | re.IGNORECASE)
_PARAMETER = re.compile(
    rf"({_LABEL})[ \t]*=[ \t]*([\x21-\x3a\x3c-\x7e]*)", re.ASCII | re.IGNORECASE
)
_BLANKS = " \t"


@dataclasses.dataclass(frozen=True, slots=True)
class CaaRecord:
    """One CAA record: its flags, its tag in lower case, its value as it is."""

    flags: int
    tag: str
    value: bytes

    def __str__(self) -> str:
        return f"{self.flags} {self.tag} {self.value.decode('ascii', 'backslashreplace')}"


@dataclasses.dataclass(frozen=True, slots=True)
class Issuance:
    """Who wants to issue for what.

    `identities` are the issuer domain names that stand for this desk, and `accounts` the account
    URIs that it issues under, both as the operator set them; `kind` is how control of the name
    was proved, and `wildcard` whether the certificate's name begins with `*.`.
    """

    identities: frozenset[str]
    accounts: frozenset[str]
    kind: ProofKind
    wildcard: bool


@dataclasses.dataclass(frozen=True, slots=True)
class _Grant:
    """Whom the value of an issue or issuewild record names: nobody where `domain` is empty."""

    domain: str
    parameters: tuple[tuple[str, str], ...] = ()


def refusal(records: Sequence[CaaRecord], issuance: Issuance) -> str | None:
    """Say why the CAA records that apply to a name forbid issuing, or give None where they do not.

    No records forbid nothing. A critical record of a kind unknown here forbids everything, and
    records that name issuers forbid whoever is not among them (RFC 8659, 4.1 to 4.3).
    """
    known = (ISSUE, ISSUE_WILD, REPORT)
    for record in records:
        if record.flags & CRITICAL and record.tag not in known:
            return f"the critical CAA record {record.tag} is of a kind that is not known here"
    tag = ISSUE_WILD if issuance.wildcard and _tagged(records, ISSUE_WILD) else ISSUE
    restricting = _tagged(records, tag)
    if not restricting:
        return None
    reasons = [_withheld(_grant(record.value), issuance) for record in restricting]
    if None in reasons:
        return None
    return f"no CAA record {tag} permits this desk: {'; '.join(dict.fromkeys(map(str, reasons)))}"


def _tagged(records: Iterable[CaaRecord], tag: str) -> list[CaaRecord]:
    return [record for record in records if record.tag == tag]


def _grant(value: bytes) -> _Grant:
    """Read an issue value; one that is malformed names nobody (RFC 8659, 4.2)."""
    nobody = _Grant("")
    # Latin 1 reads any bytes; what is not ASCII fits no pattern.
    domain, semicolon, rest = value.decode("latin-1").partition(";")
    domain, rest = domain.strip(_BLANKS), rest.strip(_BLANKS)
    if not _DOMAIN.fullmatch(domain):
        return nobody
    if not semicolon or not rest:
        return _Grant(domain.lower())
    read = [_PARAMETER.fullmatch(part.strip(_BLANKS)) for part in rest.split(";")]
    parameters = tuple((match[1].lower(), match[2]) for match in read if match)
    return _Grant(domain.lower(), parameters) if len(parameters) == len(read) else nobody


def _withheld(grant: _Grant, issuance: Issuance) -> str | None:
    """Say why a grant is not this desk's, or give None where it is.

    Parameters other than those of RFC 8657 are an issuer's own to define, and the desk has none.
    """
    if not grant.domain:
        return "one names no issuer"
    if grant.domain not in issuance.identities:
        return f"one names {grant.domain}"
    accounts = [value for tag, value in grant.parameters if tag == "accounturi"]
    if accounts and not (len(accounts) == 1 and accounts[0] in issuance.accounts):
        return f"one is for the account {', '.join(accounts)}"
    methods = [value for tag, value in grant.parameters if tag == "validationmethods"]
    if methods and not (
        len(methods) == 1 and METHODS[issuance.kind] & set(methods[0].lower().split(","))
    ):
        return f"one is for proof by {', '.join(methods)}"
    return None
