"""Why a certificate is taken back: the reasons that there are, and what a subscriber means.

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
    """The reasons that certificates of servers are revoked for, by the names of RFC 5280."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"

    @property
    def flag(self) -> x509.ReasonFlags | None:
        """What a CRL and an OCSP response say of it: nothing, where it is unspecified (7.2.2)."""
        return None if self is Reason.UNSPECIFIED else x509.ReasonFlags(self.value)


KEY_KNOWN = "Its private key is compromised, so the certificate is revoked."
"""The StatusMsg of what the desk takes back by itself; it tells of nobody else's certificate."""

COMPROMISED = "its private key was reported as compromised"
"""Why a key is blocked whose certificate was revoked for `KEY_COMPROMISE`; it tells of nobody."""

OWN = tuple(reason for reason in Reason if reason is not Reason.PRIVILEGE_WITHDRAWN)
"""What subscribers may give; that they lost the right to a certificate is the CA's to say."""

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
    """No subscriber may give that reason, or in such words; the text says why."""


def words_of(text: str | None) -> str:
    """Give a subscriber's words, without blanks around them.

    Raises:
        ReasonRefused: they are no text of one line.
    """
    said = (text or "").strip()
    fault = text_fault(said, TEXT_LIMIT)
    if fault is not None:
        raise ReasonRefused(fault)
    return said


def meant(said: str) -> Reason:
    """Tell which reason a subscriber's words give.

    A name of RFC 5280 or one of a few set phrases counts, however it is spaced and in whichever
    case; words are never searched for, as a lost key has consequences. All others are
    `UNSPECIFIED`.

    Raises:
        ReasonRefused: it names a reason that is not a subscriber's.
    """
    word = _squeezed(said)
    if word in _NOT_OWN:
        own = ", ".join(OWN)
        raise ReasonRefused(f"{_NOT_OWN[word]} is not a subscriber's to give; there are {own}")
    return _KNOWN.get(word, Reason.UNSPECIFIED)


def _squeezed(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


_NOT_OWN = {_squeezed(name): name for name in OTHERS}
_KNOWN = {_squeezed(reason.value): reason for reason in OWN} | {
    _squeezed(phrase): reason for reason, phrases in _SAID.items() for phrase in phrases
}
