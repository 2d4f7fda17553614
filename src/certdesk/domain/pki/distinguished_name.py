"""Distinguished names (RFC 5280, 4.1.2.4), read by their structure.

The library refuses a name for characters that its type does not have, such as `&` in a
PrintableString. Programs write such names all the same, and OpenSSL reads them. Here a value is
text as OpenSSL reads it: bytes that are not in the repertoire of a type are Latin-1.
"""

from __future__ import annotations

from collections.abc import Iterator

from certdesk.domain.pki import der
from certdesk.domain.values.record import Record

COMMON_NAME = der.identifier("2.5.4.3")

# NumericString, PrintableString, IA5String: of ASCII or a part of it (X.680, 41).
_ASCII = frozenset({0x12, 0x13, 0x16})
# The types of text (RFC 5280, appendix A): those three, TeletexString, UTF8String, BMPString,
# UniversalString.
_CODES = dict.fromkeys((*_ASCII, 0x14), "latin-1") | {
    0x0C: "utf-8",
    der.BMP_STRING: "utf-16-be",
    0x1C: "utf-32-be",
}
_LAST_OF_BMP = "\uffff"
_SHORT = {
    der.identifier(dotted): name
    for dotted, name in {
        "2.5.4.3": "CN",
        "2.5.4.6": "C",
        "2.5.4.7": "L",
        "2.5.4.8": "ST",
        "2.5.4.9": "STREET",
        "2.5.4.10": "O",
        "2.5.4.11": "OU",
        "0.9.2342.19200300.100.1.1": "UID",
        "0.9.2342.19200300.100.1.25": "DC",
    }.items()
}
_SPECIAL = frozenset('"+,;<>\\')


class NameRefused(ValueError):
    """A name breaks a rule of its structure; the text says which one."""


class Attribute(Record):
    """One part of a name: its identifier, the tag of its value, and the value."""

    identifier: bytes
    tag: int
    value: bytes

    @property
    def text(self) -> str | None:
        """The value as text; None if it is a bit string, which is not text."""
        code = _CODES.get(self.tag)
        return None if code is None else self.value.decode(code)

    @property
    def in_repertoire(self) -> bool:
        """Whether an ASCII type holds only ASCII; other types may hold what they can express."""
        return self.tag not in _ASCII or self.value.isascii()


class DistinguishedName(Record):
    """A name: sets of attributes, the widest first."""

    sets: tuple[tuple[Attribute, ...], ...]

    def of(self, identifier: bytes) -> list[Attribute]:
        """Return the attributes of one type, in order."""
        return [one for each in self.sets for one in each if one.identifier == identifier]

    def __str__(self) -> str:
        """The name as RFC 4514 writes it: the narrowest first."""
        return ",".join("+".join(map(_written, each)) for each in reversed(self.sets))


def read(name: der.Element) -> DistinguishedName:
    """Return a name whose elements ``der.check`` has accepted; raises ``NameRefused``."""
    if name.tag != der.SEQUENCE:
        raise NameRefused("a name is not a list of sets (RFC 5280, 4.1.2.4)")
    return DistinguishedName(tuple(tuple(_set(each)) for each in der.elements(name.content)))


def _set(element: der.Element) -> Iterator[Attribute]:
    found = list(der.elements(element.content))
    if element.tag != der.SET or not found:
        raise NameRefused("a part of a name is not a set of attributes (RFC 5280, 4.1.2.4)")
    yield from map(_attribute, found)


def _attribute(pair: der.Element) -> Attribute:
    found = list(der.elements(pair.content))
    if pair.tag != der.SEQUENCE or [each.tag for each in found[:1]] != [der.IDENTIFIER]:
        raise NameRefused("an attribute of a name has no type (RFC 5280, 4.1.2.4)")
    if [each.tag in _CODES or each.tag == der.BIT_STRING for each in found[1:]] != [True]:
        raise NameRefused("a name has a value that is not text (RFC 5280, 4.1.2.4)")
    attribute = Attribute(found[0].content, found[1].tag, found[1].content)
    _require_characters(attribute)
    return attribute


def _require_characters(attribute: Attribute) -> None:
    """Require bytes that are characters of their type: no reader accepts others."""
    try:
        text = attribute.text or ""
    except UnicodeDecodeError:
        text = None
    # A BMPString has no surrogate pairs.
    if text is None or (attribute.tag == der.BMP_STRING and max(text, default="") > _LAST_OF_BMP):
        raise NameRefused(
            "a name has a value that is not encoded as its type requires (X.690, 8.23)"
        )


def _written(attribute: Attribute) -> str:
    name = _SHORT.get(attribute.identifier) or der.dotted(attribute.identifier)
    text = attribute.text
    if text is None:
        return f"{name}=#{der.encode(attribute.tag, attribute.value).hex()}"
    return f"{name}={_escaped(text)}"


def _escaped(text: str) -> str:
    """Return a text with its special characters escaped (RFC 4514, 2.4)."""
    marked = "".join(f"\\{one}" if one in _SPECIAL else one for one in text)
    marked = marked.replace("\0", "\\00")
    if marked.startswith(("#", " ")):
        marked = f"\\{marked}"
    return f"{marked[:-1]}\\ " if marked.endswith(" ") and len(text) > 1 else marked
