"""What CAA records permit: RFC 8659, and RFC 8657 for accounts and methods.

Nothing here asks for records; where those of a name are to be looked for is in `validation/caa.py`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence

from certdesk.domain.validation.challenge import ProofKind
from certdesk.domain.values.foreign_text import few, printable_text

CRITICAL = 0x80
"""Bit 0 of the flags. The others are reserved, and whatever they are is ignored (RFC 8659, 4.1):
`1 issue`, which old guides have, is no critical record."""

ISSUE, ISSUE_WILD = "issue", "issuewild"

UNCONCERNED = {
    "iodef": "where to report a refusal (RFC 8659, 4.4)",
    "issuemail": "who may certify e-mail addresses (RFC 9495)",
    "issuevmc": "who may certify marks",
    "contactemail": "whom to ask (Baseline Requirements, A.1.1)",
    "contactphone": "whom to ask (Baseline Requirements, A.1.2)",
}
"""The kinds that are known and permit or forbid nothing for servers, and what each tells."""

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
_METHOD = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
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
class CaaIdentity:
    """By what CAA records permit an issuer: issuer domain names in small letters, account URIs."""

    domains: frozenset[str]
    accounts: frozenset[str]


NO_IDENTITY = CaaIdentity(frozenset(), frozenset())
"""That of an issuer which no record that names issuers permits."""


@dataclasses.dataclass(frozen=True, slots=True)
class WantedIssuance:
    """Who wants to issue for what.

    `kind` is how control of the name was proved, and `wildcard` whether the certificate's name
    begins with `*.`.
    """

    identity: CaaIdentity
    kind: ProofKind
    wildcard: bool


@dataclasses.dataclass(frozen=True, slots=True)
class _Grant:
    """Whom the value of an issue or issuewild record names: nobody where `domain` is empty."""

    domain: str
    parameters: tuple[tuple[str, str], ...] = ()

    def all(self, tag: str) -> list[str]:
        """Return the values of a parameter."""
        return [value for name, value in self.parameters if name == tag]


def refusal(records: Sequence[CaaRecord], issuance: WantedIssuance) -> str | None:
    """Say why the CAA records that apply to a name forbid issuing, or give None where they do not.

    No records forbid nothing. A critical record of a kind unknown here forbids everything, whatever
    the others say (RFC 8659, 4.1). Where there are issuewild records, they alone decide for a
    wildcard, and for no other name (4.3). Records that name issuers forbid all others (4.2);
    without any, nobody is forbidden.
    """
    known = (ISSUE, ISSUE_WILD, *UNCONCERNED)
    for record in records:
        if record.flags & CRITICAL and record.tag not in known:
            tag = printable_text(record.tag)
            return (
                f"the critical CAA record {tag} is of a kind that is not known here (RFC 8659, 4.1)"
            )
    tag = ISSUE_WILD if issuance.wildcard and _tagged(records, ISSUE_WILD) else ISSUE
    restricting = _tagged(records, tag)
    if not restricting:
        return None
    reasons = [_withheld(_grant(record.value), issuance) for record in restricting]
    if None in reasons:
        return None
    return f"no CAA record {tag} permits this desk: {few(map(str, reasons), '; ')}"


def _tagged(records: Iterable[CaaRecord], tag: str) -> list[CaaRecord]:
    return [record for record in records if record.tag == tag]


def _grant(value: bytes) -> _Grant | None:
    """Read an issue value; None for one that is malformed (RFC 8659, 4.2)."""
    # Latin 1 reads any bytes; what is not ASCII fits no pattern.
    domain, _, rest = value.decode("latin-1").partition(";")
    domain, rest = domain.strip(_BLANKS), rest.strip(_BLANKS)
    if domain and not _DOMAIN.fullmatch(domain):
        return None
    if not rest:
        return _Grant(domain.lower())
    read = [_PARAMETER.fullmatch(part.strip(_BLANKS)) for part in rest.split(";")]
    parameters = tuple((match[1].lower(), match[2]) for match in read if match)
    return _Grant(domain.lower(), parameters) if len(parameters) == len(read) else None


def _withheld(grant: _Grant | None, issuance: WantedIssuance) -> str | None:
    """Say why a grant is not this desk's, or give None where it is.

    Parameters other than those of RFC 8657 are an issuer's own to define, and the desk has none.
    """
    if grant is None:
        return "one is malformed, and so names no issuer (RFC 8659, 4.2)"
    if not grant.domain:
        return "one names no issuer"
    if grant.domain not in issuance.identity.domains:
        return f"one names {printable_text(grant.domain)}"
    return _account_fault(grant.all("accounturi"), issuance) or _method_fault(
        grant.all("validationmethods"), issuance
    )


def _account_fault(accounts: Sequence[str], issuance: WantedIssuance) -> str | None:
    """Say why the accounts of a grant are not the desk's; without any, all are meant."""
    if len(accounts) > 1:
        return "one has more than one accounturi, which no account can be (RFC 8657, 3)"
    if accounts and accounts[0] not in issuance.identity.accounts:
        return f"one is for the account {printable_text(accounts[0])} (RFC 8657, 3)"
    return None


def _method_fault(methods: Sequence[str], issuance: WantedIssuance) -> str | None:
    """Say why a name was not proved as a grant wants it; without any methods, all will do."""
    if len(methods) > 1:
        return "one has more than one validationmethods, which no proof can be (RFC 8657, 4)"
    if not methods or not methods[0]:
        return "one is for proof by no method (RFC 8657, 4)" if methods else None
    labels, told = methods[0].split(","), printable_text(methods[0])
    if not all(map(_METHOD.fullmatch, labels)):
        return f"one has validationmethods that are malformed: {told} (RFC 8657, 4)"
    if not METHODS[issuance.kind] & set(labels):
        return f"one is for proof by {told} (RFC 8657, 4)"
    return None
