"""Revocation reasons, and what a subscriber means by a text.

Sources: RFC 5280 5.3.1, CA/Browser Forum Baseline Requirements 4.9.1.1 and 7.2.2.
"""

from __future__ import annotations

import enum
import unicodedata

from cryptography import x509

from certdesk.domain.values.texts import text_fault

TEXT_LIMIT = 255
"""Most characters of a reason in the subscriber's own words."""


class Reason(enum.StrEnum):
    """The reasons for which server certificates are revoked, by their names in RFC 5280."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"

    @property
    def flag(self) -> x509.ReasonFlags | None:
        """The reason in a CRL and an OCSP response: none if it is unspecified (7.2.2)."""
        return None if self is Reason.UNSPECIFIED else x509.ReasonFlags(self.value)


KEY_KNOWN = "Its private key is compromised, so the certificate is revoked."
"""The StatusMsg of a certificate that the desk itself revokes; it names no other account."""

COMPROMISED = "its private key was reported as compromised"
"""Why a key is blocked after a revocation for `KEY_COMPROMISE`; it names no account."""

OWN = tuple(reason for reason in Reason if reason is not Reason.PRIVILEGE_WITHDRAWN)
"""The reasons that subscribers may give; only a CA can say that a privilege was withdrawn."""

OTHERS = ("cACompromise", "certificateHold", "removeFromCRL", "privilegeWithdrawn", "aACompromise")
"""Reasons of RFC 5280 that no subscriber may give."""

_SAID = {
    Reason.KEY_COMPROMISE: (
        "key compromised",
        "private key compromise",
        "private key compromised",
        "key leaked",
        "private key leaked",
        "私钥泄露",
        "私钥泄漏",
        "密钥泄露",
        "密钥泄漏",
    ),
    Reason.AFFILIATION_CHANGED: ("组织信息变更",),
    Reason.SUPERSEDED: ("replaced", "证书被替换", "证书已替换"),
    Reason.CESSATION_OF_OPERATION: ("domain no longer used", "no longer used", "停止运营"),
}


class ReasonRefused(ValueError):
    """A subscriber may not give that reason, or not in such words; the text says why."""


def words_of(text: str | None) -> str:
    """Return a subscriber's words, without blanks around them.

    Raises:
        ReasonRefused: they are not a text of one line.
    """
    said = (text or "").strip()
    fault = text_fault(said, TEXT_LIMIT)
    if fault is not None:
        raise ReasonRefused(fault)
    return said


def meant(said: str) -> Reason:
    """Return the reason that a subscriber's words mean.

    A name of RFC 5280 or one of a few set phrases counts, in any case and spacing. Words are never
    searched for, as a compromised key has consequences. Everything else is `UNSPECIFIED`.

    Raises:
        ReasonRefused: it names a reason that subscribers may not give.
    """
    word = _squeezed(said)
    if word in _NOT_OWN:
        own = ", ".join(OWN)
        raise ReasonRefused(f"a subscriber may not use {_NOT_OWN[word]}; the reasons are {own}")
    return _KNOWN.get(word, Reason.UNSPECIFIED)


def _squeezed(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


_NOT_OWN = {_squeezed(name): name for name in OTHERS}
_KNOWN = {_squeezed(reason.value): reason for reason in OWN} | {
    _squeezed(phrase): reason for reason, phrases in _SAID.items() for phrase in phrases
}
