"""The worst that a request can bring to the rules about values: each case is at its limit."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, repeat

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certdesk.domain.accounts import audit_search, policy
from certdesk.domain.orders import submission, warnings
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.material import Material
from certdesk.domain.orders.order import Order
from certdesk.domain.people import names as people_names
from certdesk.domain.people import passwords
from certdesk.domain.pki import csr, der, pem
from certdesk.domain.pki import ocsp_request as status_requests
from certdesk.domain.privacy import data_subject
from certdesk.domain.validation import redirects
from certdesk.domain.values import (
    addresses,
    keys,
    labels,
    mailbox,
    names,
    redaction,
    revocation_reason,
    texts,
    visible,
)
from certdesk.domain.values.organisation import Organisation, Person
from certdesk.domain.values.products import PRODUCTS
from certdesk.domain.values.secret import Secret
from certdesk.domain.vetting import dossier
from certdesk.web.ocsp import REQUEST_LIMIT
from certdesk.wire.model import LIST_LIMIT, TEXT_LIMIT
from tests.costs_csr import PEM_LIMIT
from tests.costs_kinds import TIMES, Case, Worst, each, hostile, listing
from tests.zones import by_rfc2136

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

# --- material ----------------------------------------------------------------------------------


def orders() -> Iterator[Case]:
    """Material with the worst texts in all places, and with as many names as a list may have."""
    order = Order(
        certificate_id="aB3dE5fG",
        uin="100000000001",
        product_id=26,
        domain_num=100,
        time_span=1,
        status=Status.AWAITING_MATERIAL,
        deal_id="1",
        created_at=NOON,
    )
    for text in hostile(TEXT_LIMIT):
        material = filled(text)
        yield Case(text[:12], submission.judge, material, order, PRODUCTS[26])
    for text in ("é" * 50 + ".com", "a." * 30 + "com", "xn--a.com", "中.com", "\u0301" * 253):
        for count in (LIST_LIMIT, submission.DNS_NAMES_LIMIT):
            others = tuple(f"{number}{text}" for number in range(count))
            yield Case(f"{count} {text[:9]}", judged, repeat(others), order)
    for name, lists in international_names("rules"):
        yield Case(name, judged, lists, order)


def judged(lists: Iterator[tuple[str, ...]], order: Order) -> object:
    """Judge material with the next of these lists of names."""
    material = Material(
        csr_source="online",
        common_name="a.com",
        holder=2,
        company_id="1",
        manager_id="1",
        other_names=next(lists),
        key_parameter="2048",
        verify_type="DNS",
    )
    return submission.judge(material, order, PRODUCTS[26])


def international_names(seed: str) -> Iterator[tuple[str, Iterator[tuple[str, ...]]]]:
    """Give lists of a hundred names with the labels that take longest.

    Conversions are remembered, so the same list would cost nothing the second time.
    """
    drawn = random.Random(seed)  # noqa: S311 -- no secret

    def hangul(size: int) -> str:
        return "".join(map(chr, drawn.sample(range(0xAC00, 0xD7A0), size)))

    def digits(size: int) -> str:
        return "\u0628" + "".join(map(chr, drawn.choices(range(0x660, 0x66A), k=size - 1)))

    def joined(size: int) -> str:
        letters = map(chr, drawn.choices(range(0x62A, 0x62E), k=size // 2))
        return "\u200c".join(letters) + "\u0628"

    def punycode(size: int) -> str:
        octets = digits(size).encode("punycode")[: size - len(labels.PREFIX)]
        return labels.PREFIX + octets.decode()

    for make in (hangul, digits, joined, punycode):
        for size in (20, 30, 40, 54, 58):
            most = labels.MOST_CHARACTERS // size
            for count in (most, submission.DNS_NAMES_LIMIT - 1):
                yield f"{count} {make.__name__} {size}", lists_of(count, partial(make, size))
    yield "many labels", lists_of(99, lambda: ".".join(hangul(7)))
    yield "whole names", lists_of(99, lambda: ".".join(hangul(58) for _ in range(4)))


def lists_of(count: int, make: Callable[[], str]) -> Iterator[tuple[str, ...]]:
    """Give a list for each call of a measurement; none has a name of another."""
    return cycle([tuple(f"{make()}.com" for _ in range(count)) for _ in range(TIMES)])


def filled(text: str) -> Material:
    """Give material that is one text everywhere."""
    hidden = Secret(text)
    someone = Person(
        first_name=text, last_name=text, title=text, phone=hidden, email=hidden, id_number=hidden
    )
    company = Organisation(
        name=text, division=text, address=text, country=text, city=text, region=text,
        phone_area=text, phone_number=hidden, id_type=text, id_number=hidden,
    )  # fmt: skip
    return Material(
        csr_source=text, common_name=text, holder=2, company_id=text, manager_id=text, csr=text,
        other_names=(text,), key_algorithm=text, key_parameter=text, key_pass=hidden,
        organisation=company, manager=someone, contact=someone, contact_email=hidden,
        postal_code=text, verify_type=text, ca_type=text, sign_algorithm=text,
    )  # fmt: skip


def remarked() -> Iterator[Case]:
    """Telephone and identity numbers as long as the rules let through."""
    for text in hostile(32):
        of = Person(phone=Secret(text), id_number=Secret(text), id_type="SFZ")
        yield Case(text[:9], listing, warnings.person_remarks, of, "CN")


def remarked_companies() -> Iterator[Case]:
    """The same of companies."""
    for text in hostile(32):
        of = Organisation(
            phone_area=text[:8], phone_number=Secret(text), id_number=Secret(text), id_type="TYDMZ"
        )
        yield Case(text[:9], listing, warnings.organisation_remarks, of)


def rules() -> Iterator[Case]:
    """Patterns as an operator may write them for a user's policy."""
    for pattern in ("*a" * 2_000, "*" * 4_096, "a*" * 2_000):
        yield Case(pattern[:4], policy.fits, pattern, "a" * TEXT_LIMIT)


def locations() -> Iterator[Case]:
    """What a website may answer that is asked for a file."""
    here = redirects.Target("http", "a.com", "/")
    for piece in ("../", "//", "/", "?", "#", "[", "@", "%", ":", "http://", "a."):
        text = piece * (2_000 // len(piece))
        yield Case(piece, redirects.follow, [here], 301, text, redirects.Ports(80, 443))


def asked_status() -> Iterator[Case]:
    """A request of 4 KiB, for one certificate and for many, with a nonce and without."""
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        b"\0" * 32, b"\0" * 32, 1 << 150, hashes.SHA256()
    )
    good = builder.add_extension(x509.OCSPNonce(b"a" * 128), critical=False).build()
    one = good.public_bytes(Encoding.DER)
    many = der.encode(0x30, der.encode(0x30, b"") * 2_000)
    (whole,) = der.elements(one)
    (tbs, *_) = der.elements(whole.content)
    (listed, *_) = der.elements(tbs.content)
    fifty = der.encode(
        0x30, der.encode(0x30, der.encode(0x30, listed.content * (4_000 // len(listed.content))))
    )
    deep = functools.reduce(lambda inner, _: der.encode(0x30, inner), range(1_000), b"")
    for name, data in {
        "one": one,
        "fifty": fifty,
        "many": many,
        "deep": deep,
        "zeros": b"0\0" * 2_000,
    }.items():
        cut = data[:REQUEST_LIMIT]
        yield Case(name, status_requests.read, cut)


DOMAIN: Worst = {
    "domain.values.addresses.address_in": each(addresses.address_in),
    "domain.values.keys.digest_in": each(keys.digest_in),
    "domain.values.addresses.networks": each(lambda text: addresses.networks([text])),
    "domain.values.labels.a_label": each(labels.a_label, 59),
    "domain.values.labels.characters": each(
        lambda text: labels.characters([text] * 100), names.TEXT_LIMIT
    ),
    "domain.values.mailbox.mailbox_fault": each(mailbox.mailbox_fault),
    "domain.values.names.DomainName.parse": each(names.DomainName.parse),
    "domain.values.names.ascii_form": each(names.ascii_form),
    "domain.values.names.internal_suffix": each(names.internal_suffix),
    "domain.values.names.normal_form": each(names.normal_form),
    "domain.accounts.audit_search.audit_text": each(
        audit_search.audit_text, audit_search.MOST_TEXT
    ),
    "domain.people.names.folded": each(people_names.folded, people_names.TYPED),
    "domain.people.names.parted": each(people_names.parted, people_names.TYPED),
    "domain.people.names.staff_name_fault": each(people_names.staff_name_fault, people_names.TYPED),
    "domain.people.passwords.fault_of": each(passwords.fault_of, passwords.TYPED),
    "domain.people.passwords.normal": each(passwords.normal, passwords.TYPED),
    "domain.pki.ocsp_request.read": asked_status,
    "domain.pki.pem.blocks": each(pem.blocks, PEM_LIMIT),
    "domain.pki.pem.decoded": each(pem.decoded, csr.TEXT_LIMIT),
    "domain.pki.pem.spki_digest_of_pem": each(pem.spki_digest_of_pem, PEM_LIMIT),
    "domain.privacy.data_subject.same_number": each(
        lambda text: data_subject.same_number(text, "1" + text)
    ),
    "domain.accounts.policy.fits": rules,
    "domain.validation.redirects.follow": locations,
    "domain.orders.warnings.organisation_remarks": remarked_companies,
    "domain.orders.warnings.person_remarks": remarked,
    "domain.values.revocation_reason.meant": each(revocation_reason.meant),
    "domain.orders.submission.judge": orders,
    "domain.values.redaction.looks_personal": each(redaction.looks_personal, PEM_LIMIT),
    "domain.values.redaction.may_be_shown": each(redaction.may_be_shown, PEM_LIMIT),
    "domain.values.redaction.redacted": each(redaction.redacted, PEM_LIMIT),
    "domain.values.redaction.redacted_bare": each(redaction.redacted_bare, PEM_LIMIT),
    "domain.values.redaction.is_mistyped": each(redaction.is_mistyped, PEM_LIMIT),
    "domain.values.redaction.redacted_unless_near": each(
        lambda text: redaction.redacted_unless_near(text[:16], ["DNS"] * 20)
    ),
    "domain.values.redaction.missing_message": each(
        lambda name: redaction.missing_message("order", name), PEM_LIMIT
    ),
    "domain.values.redaction.redacted_name": each(redaction.redacted_name, PEM_LIMIT),
    "domain.values.texts.subject_fault": each(lambda text: texts.subject_fault(text, TEXT_LIMIT)),
    "domain.values.texts.text_fault": each(lambda text: texts.text_fault(text, TEXT_LIMIT)),
    "domain.values.visible.unseen": each(visible.unseen),
    "domain.values.visible.unseen_fault": each(visible.unseen_fault),
    "domain.values.visible.visible": each(visible.visible),
    "domain.vetting.dossier.prose": each(dossier.prose, 2 * dossier.LONGEST_TEXT),
    "domain.vetting.dossier.prose_fault": each(dossier.prose_fault, dossier.LONGEST_TEXT),
    "validation.providers.rfc2136.Rfc2136.settings key": each(by_rfc2136),
    "validation.providers.rfc2136.Rfc2136.settings server": each(
        lambda text: by_rfc2136(server=text)
    ),
}
