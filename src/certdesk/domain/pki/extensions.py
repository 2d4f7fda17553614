"""Extensions of CSRs and certificates (RFC 5280, 4.2): those that the desk uses, by structure.

All others are ignored.
"""

from __future__ import annotations

import ipaddress

from certdesk.domain.pki import der
from certdesk.domain.values.addresses import Address

ALTERNATIVE_NAMES = der.identifier("2.5.29.17")
BASIC_CONSTRAINTS = der.identifier("2.5.29.19")
KEY_USAGE = der.identifier("2.5.29.15")
OF_CERTIFICATES = frozenset({ALTERNATIVE_NAMES, BASIC_CONSTRAINTS, KEY_USAGE})
OF_REQUESTS = frozenset({ALTERNATIVE_NAMES})


_TRUE = b"\xff"
_DNS, _ADDRESS = 0x82, 0x87
# The kinds of a GeneralName: other, e-mail, DNS, X.400, directory, EDI, URI, address, identifier.
_KINDS = frozenset({0xA0, 0x81, 0x82, 0xA3, 0xA4, 0xA5, 0x86, 0x87, 0x88})
_ADDRESS_SIZES = (4, 16)
_KEY_CERT_SIGN = 0x04
"""The sixth bit (RFC 5280, 4.2.1.3)."""


class ExtensionRefused(ValueError):
    """Extensions, or one that is used, break a rule; the text says which one."""


def read(listed: der.Element, used: frozenset[bytes]) -> dict[bytes, bytes]:
    """Return the values of the extensions of a list that are ``used``, by identifier.

    Raises ``ExtensionRefused``, also if one of these is there twice.
    """
    found: dict[bytes, bytes] = {}
    rule = "the extensions are not a list (RFC 5280, 4.1)"
    if listed.tag != der.SEQUENCE:
        raise ExtensionRefused(rule)
    for extension in _listed(listed.content, rule):
        parts = _listed(extension.content, "an extension is not well-formed (RFC 5280, 4.1)")
        if extension.tag != der.SEQUENCE or not parts or parts[0].tag != der.IDENTIFIER:
            raise ExtensionRefused("an extension has no identifier (RFC 5280, 4.1)")
        identifier = parts[0].content
        if identifier in used:
            if identifier in found:
                raise ExtensionRefused("an extension appears twice (RFC 5280, 4.2)")
            found[identifier] = _value(parts)
    return found


def alternative_names(value: bytes) -> tuple[str | Address, ...]:
    """Return the DNS names, as they stand, and the addresses of a subject alternative name.

    They are in order; e-mail addresses, URIs, directory names and others are ignored. Raises
    ``ExtensionRefused`` (4.2.1.6).
    """
    rule = "the subject alternative name is not well-formed (RFC 5280, 4.2.1.6)"
    whole = _listed(value, rule)
    if [each.tag for each in whole] != [der.SEQUENCE]:
        raise ExtensionRefused(rule)
    general = _listed(whole[0].content, rule)
    if any(each.tag not in _KINDS for each in general):
        raise ExtensionRefused("a subject alternative name has no valid type (RFC 5280, 4.2.1.6)")
    return tuple(_name(each) for each in general if each.tag in (_DNS, _ADDRESS))


def is_ca(value: bytes) -> bool:
    """Whether basic constraints are a CA's (4.2.1.9); raises ``ExtensionRefused``."""
    rule = "the basic constraints are not well-formed (RFC 5280, 4.2.1.9)"
    whole = _checked(value, der.SEQUENCE, rule)
    parts = _listed(whole.content, rule)
    if [each.tag for each in parts] not in (
        [], [der.BOOLEAN], [der.INTEGER], [der.BOOLEAN, der.INTEGER]
    ):  # fmt: skip
        raise ExtensionRefused(rule)
    return bool(parts) and parts[0].tag == der.BOOLEAN and parts[0].content == _TRUE


def may_certify(value: bytes) -> bool:
    """Whether a key usage lets the key sign certificates (4.2.1.3); raises ``ExtensionRefused``."""
    rule = "the key usage is not well-formed (RFC 5280, 4.2.1.3)"
    bits = _checked(value, der.BIT_STRING, rule).content[1:]
    return bool(bits) and bool(bits[0] & _KEY_CERT_SIGN)


def _value(parts: list[der.Element]) -> bytes:
    """Return the value of an extension that is used; only a critical mark of True is valid DER."""
    tags = [part.tag for part in parts[1:]]
    if tags == [der.BOOLEAN, der.OCTET_STRING] and parts[1].content != _TRUE:
        raise ExtensionRefused("a default value is written out (X.690, 11.5)")
    if tags not in ([der.OCTET_STRING], [der.BOOLEAN, der.OCTET_STRING]):
        raise ExtensionRefused("an extension is not well-formed (RFC 5280, 4.1)")
    return parts[-1].content


def _name(general: der.Element) -> str | Address:
    if general.tag == _ADDRESS:
        if len(general.content) not in _ADDRESS_SIZES:
            raise ExtensionRefused("an IP address has 4 or 16 bytes (RFC 5280, 4.2.1.6)")
        return ipaddress.ip_address(general.content)
    if not general.content.isascii():
        raise ExtensionRefused("a DNS name is not ASCII (RFC 5280, 4.2.1.6)")
    return general.content.decode("ascii")


def _listed(content: bytes, rule: str) -> list[der.Element]:
    try:
        return list(der.elements(content))
    except der.NotDer as fault:
        raise ExtensionRefused(f"{rule}: {fault}") from None


def _checked(value: bytes, tag: int, rule: str) -> der.Element:
    try:
        der.check(value)
    except der.NotDer as fault:
        raise ExtensionRefused(f"{rule}: {fault}") from None
    (whole,) = der.elements(value)
    if whole.tag != tag:
        raise ExtensionRefused(rule)
    return whole
