"""The checks of what CAs answer, before it is stored: an outside CA can send anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography import x509

from certdesk.domain.pki import chain, pem
from certdesk.domain.pki.issuance import Declined, Issued, IssueRequest, Later
from certdesk.domain.validation.challenge import Challenge, ProofKind, method_of
from certdesk.domain.values.foreign_text import printable_text
from certdesk.domain.values.names import DomainName

SOONEST, LATEST = timedelta(seconds=10), timedelta(days=1)
"""The shortest and the longest pause before a CA is asked again."""

SILENT = "The CA declined, and did not say why."
LONGEST = 255
"""Most characters of a text that a CA has published, as in one string of a TXT record."""
MOST_OCTETS = 253
"""Most characters of a name in DNS (RFC 1035, 2.3.4)."""

_PLAIN = frozenset(map(chr, range(0x21, 0x7F)))
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)

Answer = TypeVar("Answer")


class WrongAnswer(ValueError):
    """A CA's answer does not fit what it was asked."""


def bounded(answer: Answer, now: datetime, deadline: datetime | None) -> Answer | Later | Declined:
    """Return an answer whose reasons and pauses are within bounds.

    The pause is long enough that the CA is not asked all the time, and ends by the order's
    deadline.
    """
    match answer:
        case Later(at=at, reason=reason):
            latest = now + LATEST
            if deadline is not None and deadline > now:
                latest = min(latest, deadline)
            return Later(
                at=max(now + SOONEST, min(at, latest)), reason=printable_text(reason) or "?"
            )
        case Declined(reason=reason):
            return Declined(reason=printable_text(reason) or SILENT)
    return answer


def check_offered(
    challenges: Sequence[Challenge], names: Iterable[DomainName], method: str
) -> None:
    """Refuse challenges that are not one for each name, by the method, and harmless to publish.

    Raises:
        WrongAnswer: they are not.
    """
    bases = [name.base for name in names]
    if sorted(each.name for each in challenges) != sorted(set(bases)):
        raise WrongAnswer("each name must have exactly one challenge")
    for each in challenges:
        if method_of(each.kind) != method:
            raise WrongAnswer(f"a challenge is not for {method}")
        if not all(0 < len(text) <= LONGEST and _PLAIN.issuperset(text) for text in _texts(each)):
            raise WrongAnswer("a challenge is too long, or not in printable ASCII")
        if not _stands_apart(each):
            raise WrongAnswer("a challenge uses a place that may hold something else")


def check_issued(issued: Issued, request: IssueRequest, serial: str | None, now: datetime) -> None:
    """Refuse a certificate that was not asked for, or cannot be served.

    `serial` is the serial number that was announced, if any. The CA is responsible for whatever
    else a name or an extension says.

    Raises:
        WrongAnswer: the certificate is refused.
    """
    certificates = [issued.leaf, *issued.chain, *([issued.root] if issued.root else [])]
    try:
        found = chain.read("".join(pem.encoded("CERTIFICATE", each) for each in certificates))
    except chain.ChainRefused as refused:
        raise WrongAnswer(f"the issued certificate cannot be used: {refused.rule}") from None
    if (found.leaf, found.chain, found.root) != (issued.leaf, issued.chain, issued.root):
        raise WrongAnswer("the certificates are not in order")
    if found.is_ca or len(certificates) == 1:
        raise WrongAnswer("it is a CA certificate, or its issuer is missing")
    if found.spki_sha256 != request.csr.spki_sha256:
        raise WrongAnswer("its key is not the key of the CSR")
    if _names_in(issued.leaf) != sorted(name.ascii for name in request.names):
        raise WrongAnswer("its names are not the names of the order")
    if found.ends_at <= now:
        raise WrongAnswer("it has ended")
    if serial not in (None, found.serial):
        raise WrongAnswer("its serial number is not the announced one")


def _names_in(leaf: bytes) -> list[str]:
    """Return the alternative names in order; a name that is not a DNS name matches no order."""
    try:
        found = x509.load_der_x509_certificate(leaf).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return []
    return sorted(
        each.value.lower() if isinstance(each, x509.DNSName) else "" for each in found.value
    )


def _texts(challenge: Challenge) -> tuple[str, str]:
    return challenge.label, challenge.value


def _stands_apart(challenge: Challenge) -> bool:
    """Whether a challenge is published where nothing but a proof can be.

    A record has a label that begins with an underscore (RFC 8552), directly below the name or a
    name that contains it. A file has a name of its own in the folder for proofs.
    """
    if challenge.kind is ProofKind.FILE:
        return _FILE_NAME.fullmatch(challenge.label) is not None
    if not _is_name(challenge.record):
        return False
    if challenge.kind is ProofKind.CNAME and not _is_name(challenge.value.removesuffix(".")):
        return False
    labels = challenge.record.split(".")
    below = next(at for at, label in enumerate(labels) if not label.startswith("_"))
    return below > 0 and f".{challenge.name}".endswith("." + ".".join(labels[below:]))


def _is_name(text: str) -> bool:
    return len(text) <= MOST_OCTETS and all(map(_LABEL.fullmatch, text.split(".")))
