"""Domain names that may be ordered, in one normal form.

>>> name = DomainName.parse("*.BÜCHER.example.com")
>>> name.ascii, name.unicode, name.registrable
('*.xn--bcher-kva.example.com', '*.bücher.example.com', 'example.com')

Sources: RFC 1035 and RFC 5890 (labels), UTS #46 and IDNA 2008 (international labels), RFC 6761 and
its registry (special-use names), CA/Browser Forum Baseline Requirements 3.2.2.4 to 3.2.2.6 and
7.1.2.7 (wildcards, internal names), the public suffix list.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path

import idna
import publicsuffixlist

from certdesk.domain.values.addresses import address_in
from certdesk.domain.values.labels import a_label, least_octets
from certdesk.domain.values.record import Record
from certdesk.domain.values.visible import unseen_fault

TEXT_LIMIT = 253
"""Most characters that are read: no domain name is longer (RFC 1035)."""

NAME_LIMIT = 64
"""Most characters of a name in ASCII, ``*.`` included: what a common name holds (X.520)."""

_LABEL_LIMIT = 63
_WILDCARD = "*."
_LDH_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)
# "Ends in a number" of the WHATWG URL standard: resolvers read such a name as an IPv4 address, in
# decimal, octal or hexadecimal ("127.1", "0x7f.0.0.1", "2130706433").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_LDH_TEXT = re.compile(r"[A-Za-z0-9.-]*", re.ASCII)
_RESERVED = "--"
"""The third and fourth character of an A-label, or of a reserved label (RFC 5890, 2.3.1)."""
_INTERNATIONAL_RULE = "a label is not a valid international label (IDNA 2008, at most 63 octets)"

# Top-level domains that nobody can prove control of. "arpa" holds the reverse zones and home.arpa
# and, like "onion", is in the public suffix list, so these must be named; the others are for
# clarity.
_SPECIAL_USE = frozenset(
    {"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}
)


def _suffix_list() -> publicsuffixlist.PublicSuffixList:
    """Return the public suffix list, with international suffixes in A-labels as well.

    The package gets the same from `encode("idna")` of every suffix, which takes more than twice as
    long. Labels in the list are normalised already.
    """
    lines = Path(publicsuffixlist.PSLFILE).read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("//")]
    in_ascii = [".".join(map(_in_ascii, rule.split("."))) for rule in rules if not rule.isascii()]
    return publicsuffixlist.PublicSuffixList([*rules, *in_ascii], accept_encoded_idn=False)


def _in_ascii(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"


# Read at import, not by the first requests: it takes 13 milliseconds.
_SUFFIXES = _suffix_list()


class DomainRefused(ValueError):
    """A text is not a domain name that may be ordered.

    ``text`` is the value as it was given, unbounded and unescaped. ``rule`` says in plain words
    what is wrong with it, without repeating it.
    """

    def __init__(self, text: str, rule: str) -> None:
        """Keep the value apart from the rule, so that each caller can write its own message."""
        super().__init__(rule)
        self.text = text
        self.rule = rule


class DomainName(Record):
    """A domain name that may be ordered. Only ``parse`` makes one; two equal names are equal."""

    ascii: str
    """Lower case, A-labels, with ``*.`` in front when it is a wildcard; 64 characters at most."""

    @classmethod
    def parse(cls, text: str, *, internal_suffixes: frozenset[str] = frozenset()) -> DomainName:
        """Return a name that a person or a program wrote, in U-labels or A-labels, in any case.

        ``internal_suffixes`` are lower-case suffixes without a leading dot ("test",
        "corp.internal") at and under which internal names are allowed; they never loosen the rules
        for public names.

        Raises ``DomainRefused`` and nothing else.
        """
        name = ascii_form(text, NAME_LIMIT)
        base = name.removeprefix(_WILDCARD)
        if "." not in base:
            raise DomainRefused(text, "a domain name needs at least two labels")
        rule = _internal(base, internal_suffixes)
        if rule is not None:
            raise DomainRefused(text, rule)
        if _SUFFIXES.privatesuffix(base) is None:
            raise DomainRefused(text, "a public suffix, or a wildcard on one, cannot be ordered")
        return cls(name)

    @property
    def wildcard(self) -> bool:
        """Whether the leftmost label is ``*``."""
        return self.ascii.startswith(_WILDCARD)

    @property
    def base(self) -> str:
        """The name without ``*.``, in ASCII: its holder proves control of this."""
        return self.ascii.removeprefix(_WILDCARD)

    @property
    def unicode(self) -> str:
        """The name as people read it, in U-labels, with ``*.`` when it is a wildcard."""
        return (_WILDCARD if self.wildcard else "") + idna.decode(self.base)

    @property
    def registrable(self) -> str:
        """The registrable domain by the public suffix list, in ASCII ("example.co.uk").

        For an internal name it is the last two labels.
        """
        return _SUFFIXES.privatesuffix(self.base) or self.base

    @property
    def delegated(self) -> str:
        """The domain that a registry has delegated, in ASCII.

        Names under a suffix that a company offers to its customers, such as `github.io`, are on
        that company's servers, so for them it is that suffix.
        """
        return _icann_suffixes().privatesuffix(self.base) or self.base

    def __str__(self) -> str:
        """Return the name in ASCII."""
        return self.ascii


@functools.cache
def _icann_suffixes() -> publicsuffixlist.PublicSuffixList:
    """Return the part of the list that is about registries, read at first use."""
    return publicsuffixlist.PublicSuffixList(only_icann=True)


def internal_suffix(text: str) -> str:
    """Return a suffix of internal names, such as `corp.internal`, for ``DomainName.parse``.

    Raises ``DomainRefused`` if the text is not a host name.
    """
    suffix = ascii_form(text)
    if suffix.startswith(_WILDCARD):
        raise DomainRefused(text, "a suffix stands without a wildcard")
    return suffix


def ascii_form(text: str, most: int = TEXT_LIMIT) -> str:
    """Return a name in its normal form (lower case, A-labels), checked by its syntax alone.

    Whether the name may be ordered is for ``DomainName.parse``.

    Raises ``DomainRefused`` if the text is not a host name or wildcard, or has more than ``most``
    characters.
    """
    _refuse_outer_shape(text)
    prefix = _WILDCARD if text.startswith(_WILDCARD) else ""
    base = text.removeprefix(prefix)
    if "*" in base:
        raise DomainRefused(text, "a wildcard must be the whole leftmost label")
    if address_in(base.removeprefix("[").removesuffix("]")):
        raise DomainRefused(text, "an IP address is not a domain name")
    given = _mapped(text, base).split(".")
    for label in given:
        _refuse_label(text, label)
    _refuse_long(text, prefix, map(least_octets, given), most)
    labels = [_ascii_label(text, label) for label in given]
    _refuse_long(text, prefix, map(len, labels), most)
    if _NUMBER.fullmatch(labels[-1]):
        raise DomainRefused(text, "an IP address is not a domain name")
    return prefix + ".".join(labels)


def _refuse_long(text: str, prefix: str, sizes: Iterable[int], most: int) -> None:
    """Refuse a name by the sizes of its labels."""
    if len(prefix) - 1 + sum(size + 1 for size in sizes) > most:
        raise DomainRefused(text, f"a name may have at most {most} characters")


def _mapped(text: str, base: str) -> str:
    """Return a name as UTS #46 maps it, STD3 rules included; ASCII becomes lower case."""
    rule = "a domain name may contain only letters, digits, hyphens and dots"
    if base.isascii():
        if not _LDH_TEXT.fullmatch(base):
            raise DomainRefused(text, rule)
        return base.lower()
    try:
        return idna.uts46_remap(base, std3_rules=True)
    except UnicodeError:
        raise DomainRefused(text, rule) from None


def normal_form(text: str) -> str:
    """Return a name in its normal form, or unchanged if it is not a host name.

    Certificates from elsewhere may name anything, and up to a thousand names each. ASCII needs no
    conversion, so its A-labels are not checked.
    """
    if _LDH_TEXT.fullmatch(text.removeprefix(_WILDCARD)):
        return text.lower()
    try:
        return ascii_form(text)
    except DomainRefused:
        return text


def _refuse_outer_shape(text: str) -> None:
    """Refuse by length and ends, before any slower check."""
    if not text:
        raise DomainRefused(text, "a domain name is missing")
    if len(text) > TEXT_LIMIT:
        raise DomainRefused(text, f"a domain name has at most {TEXT_LIMIT} characters")
    if text != text.strip():
        raise DomainRefused(text, "a domain name may not begin or end with a blank")
    if text.endswith("."):
        raise DomainRefused(text, "a domain name may not end with a dot")
    fault = unseen_fault(text)
    if fault is not None:  # UTS #46 ignores some of these, and lists show names as typed
        raise DomainRefused(text, f"a domain name {fault}")


def _refuse_label(text: str, label: str) -> None:
    """Refuse a label after UTS #46 mapping by checks that need no conversion."""
    if not label:
        raise DomainRefused(text, "a domain name may not have an empty label")
    if not label.isascii():
        if least_octets(label) > _LABEL_LIMIT:
            raise DomainRefused(text, _INTERNATIONAL_RULE)
        return
    if len(label) > _LABEL_LIMIT:
        raise DomainRefused(text, f"a label may have at most {_LABEL_LIMIT} characters")
    if not _LDH_LABEL.fullmatch(label):
        raise DomainRefused(text, "a label may not begin or end with a hyphen")


def _ascii_label(text: str, label: str) -> str:
    """Return a label in ASCII."""
    if label.isascii() and label[2:4] != _RESERVED:
        return label
    converted = a_label(label)
    if converted is None:
        raise DomainRefused(text, _INTERNATIONAL_RULE)
    return converted


def _internal(base: str, internal_suffixes: frozenset[str]) -> str | None:
    """Return why the name is an internal one, None if it is public or allowed."""
    top = base.rpartition(".")[2]
    # The list's private section has no rule of one label, so what it knows about a top-level domain
    # comes from its ICANN section.
    public = _SUFFIXES.publicsuffix(top, accept_unknown=False) is not None
    if public and top not in _SPECIAL_USE:
        return None
    if any(base == suffix or base.endswith("." + suffix) for suffix in internal_suffixes):
        return None
    if top in _SPECIAL_USE:
        return "an internal or special-use name cannot be ordered"
    return "the top-level domain is not in the public suffix list"
