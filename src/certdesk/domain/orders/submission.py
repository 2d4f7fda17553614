"""The rules for the material of an order; all broken rules are found at once.

Source: the vendor's page of CertificateInfoSubmit (parameter list and error codes); where it is
silent, docs/compat.md says what was decided. The parameters are checked by themselves first, then
against the product. CSRs are checked in `domain/pki/csr.py`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Collection, Iterator

from certdesk.domain.errors import (
    CertificateInfoSubmitContactEmailEmpty,
    CertificateInfoSubmitDomainInvalid,
    CertificateOrderSubmitRootCAInvalid,
    InvalidParam,
    RenewAlgorithmInvalid,
    ServiceError,
)
from certdesk.domain.orders.material import (
    COMPANY_HOLDER,
    MASKED_PHONES,
    PERSONAL_HOLDER,
    Material,
    named,
    value_at,
)
from certdesk.domain.orders.order import Order
from certdesk.domain.values import labels
from certdesk.domain.values.keys import KeyKind, UnknownKeyKind
from certdesk.domain.values.mailbox import mailbox_fault
from certdesk.domain.values.names import TEXT_LIMIT, DomainName, DomainRefused
from certdesk.domain.values.products import DNS_AUTO, FREE, Level, Product
from certdesk.domain.values.record import Record
from certdesk.domain.values.redaction import redacted_bare
from certdesk.domain.values.secret import Secret
from certdesk.domain.values.texts import (
    POSTAL_CODE_LENGTH,
    organisation_faults,
    person_faults,
    text_fault,
)

ONLINE, PARSE = "online", "parse"

ORDERED_KINDS = (KeyKind.RSA_2048, KeyKind.RSA_4096, KeyKind.P_256)
"""The kinds of key that are made for an order; a reissue may have any that the desk makes."""

FREE_KINDS = (KeyKind.RSA_2048, KeyKind.P_256)
"""The kinds of key that a free certificate may have."""

ALWAYS_NEEDED = ("csr_source", "common_name")
ORGANISATION_NEEDED = (
    "organisation.name",
    "organisation.division",
    "organisation.address",
    "organisation.country",
    "organisation.city",
    "organisation.region",
    "organisation.phone_area",
    "organisation.phone_number",
)
PEOPLE_NEEDED = (
    "manager.first_name",
    "manager.last_name",
    "manager.phone",
    "manager.email",
    "manager.title",
    "contact.first_name",
    "contact.last_name",
    "contact.phone",
    "contact.title",
)
IDENTITY_NEEDED = (
    "organisation.id_type",
    "organisation.id_number",
    "manager.id_type",
    "manager.id_number",
    "contact.id_type",
    "contact.id_number",
)
EMAILS = ("manager.email", "contact.email", "contact_email")

CHOICES: dict[str, tuple[str, ...]] = {
    "csr_source": (ONLINE, PARSE),
    "verify_type": ("DNS", DNS_AUTO, "FILE"),
    "sign_algorithm": ("SHA256", "SHA384", "SHA512"),
    "organisation.id_type": ("TYDMZ", "OTHERS"),
    "manager.id_type": ("SFZ", "HZ"),
    "contact.id_type": ("SFZ", "HZ"),
}
CA_TYPES = ("sectigo", "digicert")
EXPECTED_WORDS = {
    **dict.fromkeys(CHOICES, tuple(word for words in CHOICES.values() for word in words)),
    "ca_type": CA_TYPES,
    "key_algorithm": tuple({kind.algorithm for kind in KeyKind}),
    "key_parameter": tuple(kind.parameter for kind in KeyKind),
    "company_id": (),
    "manager_id": (),
}
"""The words to compare a wrong value with, where it must be one of a few words or a number.

A choice is compared with the words of all choices, as one is easily taken for another.
"""

KEY_PASS_LENGTH = 32
DNS_NAMES_LIMIT = 100
NAMES_TOLD = 10
"""How many invalid names a refusal lists."""

NUMBER = re.compile(r"[0-9]{1,18}")
_PRINTABLE_ASCII = re.compile(r"[\x20-\x7e]+")


PHRASES = ("personal", "as_person", "nobody_named", "no_manager_named")
"""Conditions and values that are not about one parameter everywhere.

They are: the order is a person's, as a condition and as a value; no id names a company or a
manager; no id names a manager.
"""


class Fault(Record):
    """One broken rule: the path of the value, and the rule.

    Other values are named in braces, as in `is required when {csr_source} is parse`. The action
    that took the material puts its own parameter names there, and adds the offending value.
    `PHRASES` are conditions that each action words by itself.
    """

    path: str
    rule: str
    got: str | None = None
    """The offending value where the parameter has several."""


class MaterialRefused(Exception):
    """The material breaks rules; `error` is the wire's class for them, `subject` its `%s`."""

    def __init__(self, error: type[ServiceError], faults: list[Fault], subject: str = "") -> None:
        """Keep the error, its faults and its subject."""
        self.error = error
        self.faults = faults
        self.subject = subject
        super().__init__(f"{error.code}: {', '.join(fault.path for fault in faults)}")


class Judged(Record, kw_only=True):
    """Valid material in the domain's own types; `key` is None if the customer supplied a CSR."""

    common_name: DomainName
    other_names: tuple[DomainName, ...]
    key: KeyKind | None
    company_id: int | None
    manager_id: int | None


def judge(
    material: Material,
    order: Order,
    product: Product,
    internal_suffixes: frozenset[str] = frozenset(),
    kinds: Collection[KeyKind] | None = None,
) -> Judged:
    """Check the material by itself and against the product; return it in the domain's types.

    Names under `internal_suffixes` may be ordered as well (`DomainName.parse`). `kinds` are the
    kinds of key that may be made, by default those of the product. If the order replaces or renews
    another one, personal data may have been erased since, and is not required again.

    Raises:
        MaterialRefused: with all faults of the first kind that is found.
    """
    _refuse_if(InvalidParam, [fault for rule in _RULES for fault in rule(material)])
    first = order.replaces is None and order.renews is None
    if first and _needs_contact(material, product) and material.contact_email is None:
        rule = "needed when {personal}"
        raise MaterialRefused(
            CertificateInfoSubmitContactEmailEmpty, [Fault("contact_email", rule)]
        )
    # Counted before they are read: reading takes up to a third of a millisecond each.
    _refuse_if(InvalidParam, list(_too_many(material)))
    names = _names(material, internal_suffixes)
    key = _key(material, kinds or _kinds_of(product)) if material.csr_source == ONLINE else None
    rules = [rule for rule in _PRODUCT_RULES if first or rule is not _identity_given]
    faults = [fault for rule in rules for fault in rule(material, product)]
    faults += _name_faults(names, material, order, product)
    _refuse_if(InvalidParam, faults)
    _refuse_if(CertificateOrderSubmitRootCAInvalid, list(_root_faults(material, product)))
    return Judged(
        common_name=names[0],
        other_names=names[1:],
        key=key,
        company_id=_identifier(material.company_id),
        manager_id=_identifier(material.manager_id),
    )


def _kinds_of(product: Product) -> Collection[KeyKind]:
    """Return which kinds of key are made for an order of a product."""
    return FREE_KINDS if product.number == FREE else ORDERED_KINDS


def _needs_contact(material: Material, product: Product) -> bool:
    """Whether the order needs a contact to write to; a free order does not."""
    return material.holder == PERSONAL_HOLDER and product.number != FREE


def _refuse_if(error: type[ServiceError], faults: list[Fault]) -> None:
    if faults:
        raise MaterialRefused(error, faults)


def _too_many(material: Material) -> Iterator[Fault]:
    if len(material.other_names) > DNS_NAMES_LIMIT:
        yield Fault("other_names", f"takes at most {DNS_NAMES_LIMIT} names")
        return
    texts = [text for _, text in _named_texts(material)]
    # A longer name is refused before its labels are read.
    count = labels.characters(text for text in texts if len(text) <= TEXT_LIMIT)
    if count > labels.MOST_CHARACTERS:
        rule = (
            f"international labels may have {labels.MOST_CHARACTERS} characters in total, "
            f"those of {{common_name}} included, not {count}"
        )
        yield Fault("other_names", rule)


def _names(material: Material, internal_suffixes: frozenset[str]) -> tuple[DomainName, ...]:
    """Return all names, the common one first; the refusal lists several that are invalid."""
    names, faults = [], []
    for path, text in _named_texts(material):
        try:
            names.append(DomainName.parse(text, internal_suffixes=internal_suffixes))
        except DomainRefused as refused:
            faults.append(Fault(path, refused.rule, text))
    if faults:
        subject = redacted_bare(faults[0].got or "")
        told = faults[:NAMES_TOLD]
        raise MaterialRefused(CertificateInfoSubmitDomainInvalid, told, subject=subject)
    return tuple(names)


def _named_texts(material: Material) -> list[tuple[str, str]]:
    """Return (path, name as it was typed), the common name first."""
    others = [("other_names", text) for text in material.other_names]
    return [("common_name", material.common_name), *others]


def _key(material: Material, kinds: Collection[KeyKind]) -> KeyKind:
    algorithm = material.key_algorithm or "RSA"
    with contextlib.suppress(UnknownKeyKind):
        kind = KeyKind.of(algorithm, material.key_parameter or "")
        if kind in kinds:
            return kind
    parameters: dict[str, list[str]] = {}
    for kind in kinds:
        parameters.setdefault(kind.algorithm, []).append(kind.parameter)
    rule = ", ".join(f"{name} takes {' or '.join(its)}" for name, its in parameters.items())
    if material.key_algorithm is None:
        rule += f", and {{key_algorithm}} is {algorithm} if it is not set"
    path = "key_parameter" if algorithm in parameters else "key_algorithm"
    raise MaterialRefused(RenewAlgorithmInvalid, [Fault(path, rule)])


def _identifier(text: str | None) -> int | None:
    """Return an id as a number; None if it is absent or `0` (reference: `"0"` means none)."""
    return int(text or "0") or None


# --- the parameters by themselves ---------------------------------------------------------------


def _chosen(material: Material) -> Iterator[Fault]:
    for path, choices in CHOICES.items():
        value = value_at(material, path)
        if value and value not in choices:
            yield Fault(path, f"must be {' or '.join(choices)}")
    if material.holder not in (PERSONAL_HOLDER, COMPANY_HOLDER):
        yield Fault("holder", "must be 1 (personal) or 2 (company)")
    if material.auto_renew not in (None, 0, 1):
        yield Fault("auto_renew", "must be 0 or 1")


def _identifiers(material: Material) -> Iterator[Fault]:
    for path in ("company_id", "manager_id"):
        text = value_at(material, path)
        if isinstance(text, str) and not NUMBER.fullmatch(text):
            yield Fault(path, "must be a number, or 0 for none")


def _needed(material: Material) -> Iterator[Fault]:
    for path in ALWAYS_NEEDED:
        if not value_at(material, path):
            yield Fault(path, "needed")
    if material.csr_source == PARSE and material.csr is None:
        yield Fault("csr", "needed when {csr_source} is parse")
    if material.csr_source == ONLINE and material.key_parameter is None:
        yield Fault("key_parameter", "needed when {csr_source} is online")
    if material.holder != COMPANY_HOLDER or named(material.manager_id):
        return
    if not named(material.company_id):
        rule = "needed when {nobody_named}"
        yield from _missing(material, ORGANISATION_NEEDED, rule)
    yield from _missing(material, PEOPLE_NEEDED, "needed when {no_manager_named}")


def _missing(material: Material, paths: tuple[str, ...], rule: str) -> Iterator[Fault]:
    return (Fault(path, rule) for path in paths if value_at(material, path) is None)


def _texts(material: Material) -> Iterator[Fault]:
    for field, rule in organisation_faults(material.organisation):
        yield Fault(f"organisation.{field}", rule)
    for field, rule in person_faults(material.manager):
        yield Fault(f"manager.{field}", rule)
    for field, rule in person_faults(material.contact):
        yield Fault(f"contact.{field}", rule)
    postal_code = material.postal_code
    fault = text_fault(postal_code, POSTAL_CODE_LENGTH) if postal_code else None
    if fault is not None:
        yield Fault("postal_code", fault)


def _personal(material: Material) -> Iterator[Fault]:
    for path in EMAILS:
        email = value_at(material, path)
        fault = mailbox_fault(email.text()) if isinstance(email, Secret) else None
        if fault:
            yield Fault(path, fault)
    for path in MASKED_PHONES:
        phone = value_at(material, path)
        if isinstance(phone, Secret) and "*" in phone.text():
            yield Fault(path, "is masked, and no earlier number matches it")
    if material.key_pass is not None:
        text = material.key_pass.text()
        if len(text) > KEY_PASS_LENGTH or not _PRINTABLE_ASCII.fullmatch(text):
            yield Fault("key_pass", "takes 1 to 32 printable ASCII characters")


_RULES: tuple[Callable[[Material], Iterator[Fault]], ...] = (
    _chosen,
    _identifiers,
    _needed,
    _texts,
    _personal,
)


# --- against the product ------------------------------------------------------------------------


def _holder_fits(material: Material, product: Product) -> Iterator[Fault]:
    if material.holder == PERSONAL_HOLDER and product.level is not Level.DV:
        yield Fault("holder", f"{{as_person}} is for DV products, not for {product.name}")


def _identity_given(material: Material, product: Product) -> Iterator[Fault]:
    if product.identity_numbers:
        yield from _missing(material, IDENTITY_NEEDED, f"needed for {product.name}")


def _number_agrees(material: Material, product: Product) -> Iterator[Fault]:
    if material.product_number not in (None, product.number):
        yield Fault("product_number", f"must be {product.number}, the product of the order")


_PRODUCT_RULES: tuple[Callable[[Material, Product], Iterator[Fault]], ...] = (
    _holder_fits,
    _identity_given,
    _number_agrees,
)


def _name_faults(
    names: tuple[DomainName, ...], material: Material, order: Order, product: Product
) -> Iterator[Fault]:
    others = names[1:]
    if others and not product.scope.many:
        yield Fault("other_names", f"must be empty for {product.name}, which covers one name")
    if product.scope.many and not others:
        yield Fault("other_names", f"needed for {product.name}")
    if product.scope.many and len(names) > order.domain_num:
        rule = (
            f"has {len(names)} names, the common name included, and the order is for "
            f"{order.domain_num}"
        )
        yield Fault("other_names", rule)
    if len(set(names)) < len(names):
        yield Fault("other_names", "contains a name twice", _repeated(names, material))
    yield from _wildcard_faults(names, material, product)


def _repeated(names: tuple[DomainName, ...], material: Material) -> str:
    """Return the first name that is listed twice, as it was typed."""
    seen = {names[0]}
    for name, text in zip(names[1:], material.other_names, strict=True):
        if name in seen:
            return text
        seen.add(name)
    raise ValueError("no name is listed twice")


def _wildcard_faults(
    names: tuple[DomainName, ...], material: Material, product: Product
) -> Iterator[Fault]:
    typed = zip(names, _named_texts(material), strict=True)
    wild = [at for name, at in typed if name.wildcard]
    if wild and not product.scope.wildcards:
        path, text = wild[0]
        yield Fault(
            path, (f"must not contain a wildcard: {product.name} does not cover wildcards"), text
        )
    if product.scope.wildcards and not product.scope.many and not wild:
        yield Fault("common_name", f"must be a wildcard (*.…) for {product.name}")
    if wild and material.verify_type == "FILE":
        yield Fault("verify_type", "FILE cannot validate a wildcard; use DNS")


def _root_faults(material: Material, product: Product) -> Iterator[Fault]:
    if material.ca_type is None:
        return
    if not product.chooses_ca:
        yield Fault("ca_type", f"is for DNSPod products only, not for {product.name}")
    elif material.ca_type not in CA_TYPES:
        yield Fault("ca_type", f"must be {' or '.join(CA_TYPES)}")
