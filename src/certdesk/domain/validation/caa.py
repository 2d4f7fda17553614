"""What CAA records permit: RFC 8659, and RFC 8657 for accounts and validation methods.

These are rules alone; `validation/caa.py` climbs the DNS tree and asks for the records.

>>> from certdesk.domain.validation.challenge import ProofKind
>>> ours = CaaIdentity(frozenset({"ca.example"}), frozenset())
>>> wanted = WantedIssuance(ours, ProofKind.TXT, wildcard=False)
>>> refusal([CaaRecord(0, "issue", b"ca.example")], wanted) is None
True
>>> refusal([CaaRecord(0, "issue", b"other.example")], wanted)
'no CAA record issue permits this desk: one names other.example'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from certdesk.domain.validation.challenge import ProofKind
from certdesk.domain.values.foreign_text import few, printable_text
from certdesk.domain.values.record import Record

CRITICAL = 0x80
"""Bit 0 of the flags, the issuer critical flag, which is the most significant bit.

All other bits are reserved and ignored (RFC 8659, 4.1). So `1 issue`, which old guides show, sets
bit 7 and is not a critical record.
"""

ISSUE, ISSUE_WILD = "issue", "issuewild"

UNCONCERNED = {
    "iodef": "where to report a refusal (RFC 8659, 4.4)",
    "issuemail": "who may certify e-mail addresses (RFC 9495)",
    "issuevmc": "who may certify marks",
    "contactemail": "whom to ask (Baseline Requirements, A.1.1)",
    "contactphone": "whom to ask (Baseline Requirements, A.1.2)",
}
"""The known tags that do not restrict server certificates, and what each is for.

Known tags never refuse by the critical flag, which is about tags that an issuer does not
understand.
"""

METHODS = {
    ProofKind.TXT: frozenset({"dns-01", "ca-dns"}),
    ProofKind.CNAME: frozenset({"dns-01", "ca-dns"}),
    ProofKind.FILE: frozenset({"http-01", "ca-file"}),
}
"""The labels of `validationmethods` for each kind of proof: the ACME method, or our own label.

RFC 8657, 4 requires labels that begin with `ca-` for methods that ACME does not define.
"""

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII | re.IGNORECASE)
_PARAMETER = re.compile(
    rf"({_LABEL})[ \t]*=[ \t]*([\x21-\x3a\x3c-\x7e]*)", re.ASCII | re.IGNORECASE
)
_METHOD = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_BLANKS = " \t"


class CaaRecord(Record):
    """One CAA record: its flags, its tag in lower case, its value as it is."""

    flags: int
    tag: str
    value: bytes

    def __str__(self) -> str:
        return f"{self.flags} {self.tag} {self.value.decode('ascii', 'backslashreplace')}"


class CaaIdentity(Record):
    """What CAA records know an issuer by: lower-case issuer domain names, and account URIs."""

    domains: frozenset[str]
    accounts: frozenset[str]


NO_IDENTITY = CaaIdentity(frozenset(), frozenset())
"""The identity of an issuer that no `issue` record permits."""


class WantedIssuance(Record):
    """An issuance for which CAA permission is needed.

    `kind` is how control of the name was proved. `wildcard` is whether the certificate's name
    begins with `*.`.
    """

    identity: CaaIdentity
    kind: ProofKind
    wildcard: bool


class _Grant(Record):
    """The issuer named by an `issue` or `issuewild` value; an empty `domain` names no issuer."""

    domain: str
    parameters: tuple[tuple[str, str], ...] = ()

    def all(self, tag: str) -> list[str]:
        """Return the values of a parameter."""
        return [value for name, value in self.parameters if name == tag]


def refusal(records: Sequence[CaaRecord], issuance: WantedIssuance) -> str | None:
    """Return why the CAA records that apply to a name forbid issuance, None if they permit it.

    Without records, every issuer is permitted (RFC 8659, 3).
    """
    known = (ISSUE, ISSUE_WILD, *UNCONCERNED)
    for record in records:
        # A critical record whose tag is unknown forbids issuance, whatever the other records say
        # (RFC 8659, 4.1). `issuemail` and the other `UNCONCERNED` tags are passed over, critical or
        # not: the desk knows them, and they do not restrict certificates for servers (RFC 9495, 3:
        # `issuemail` is about e-mail addresses alone).
        if record.flags & CRITICAL and record.tag not in known:
            tag = printable_text(record.tag)
            return f"the desk does not know the critical CAA property {tag} (RFC 8659, 4.1)"
    # `issuewild` records, if there are any, replace the `issue` records for a wildcard; for other
    # names they are ignored (RFC 8659, 4.3).
    tag = ISSUE_WILD if issuance.wildcard and _tagged(records, ISSUE_WILD) else ISSUE
    restricting = _tagged(records, tag)
    # Records without an `issue` tag, such as `iodef` alone, restrict nobody (RFC 8659, 4.2).
    if not restricting:
        return None
    reasons = [_withheld(_grant(record.value), issuance) for record in restricting]
    # One record that permits the desk is enough (RFC 8659, 4.2).
    if None in reasons:
        return None
    return f"no CAA record {tag} permits this desk: {few(map(str, reasons), '; ')}"


def _tagged(records: Iterable[CaaRecord], tag: str) -> list[CaaRecord]:
    return [record for record in records if record.tag == tag]


def _grant(value: bytes) -> _Grant | None:
    """Return the parsed value of an `issue` record, None if it is malformed (RFC 8659, 4.2)."""
    # Latin-1 decodes any bytes; the patterns then refuse all that is not ASCII.
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
    """Return why a grant does not permit this desk, None if it does.

    RFC 8659, 4.2 lets each issuer define parameters of its own. The desk defines only those of RFC
    8657 and ignores all others.
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
    """Return why the `accounturi` of a grant is not the desk's; without one, any account may."""
    # RFC 8657, 3: a record with more than one `accounturi` permits no account.
    if len(accounts) > 1:
        return "one has more than one accounturi, so no account matches it (RFC 8657, 3)"
    if accounts and accounts[0] not in issuance.identity.accounts:
        return f"one is for the account {printable_text(accounts[0])} (RFC 8657, 3)"
    return None


def _method_fault(methods: Sequence[str], issuance: WantedIssuance) -> str | None:
    """Return why a grant does not permit the method of validation; without a list, any will do."""
    # RFC 8657, 4: likewise more than one `validationmethods`, and an empty list permits no method.
    if len(methods) > 1:
        return "one has more than one validationmethods, so no method matches it (RFC 8657, 4)"
    if not methods or not methods[0]:
        return "one allows no validation method (RFC 8657, 4)" if methods else None
    labels, told = methods[0].split(","), printable_text(methods[0])
    if not all(map(_METHOD.fullmatch, labels)):
        return f"one has malformed validationmethods: {told} (RFC 8657, 4)"
    if not METHODS[issuance.kind] & set(labels):
        return f"one allows only validation by {told} (RFC 8657, 4)"
    return None
