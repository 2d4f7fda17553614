"""The private CA as an issuer: what it records, what it signs after a crash, what it declines."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import strategies as st

from certdesk.domain.pki.csr import CsrRefused
from certdesk.domain.pki.issuance import Declined, Issued, IssueRequest, Later, Recorded
from certdesk.domain.pki.profile import SANDBOX_WORDS
from certdesk.domain.pki.records import BlockedKey
from certdesk.domain.pki.signing import SigningToken
from certdesk.domain.values import keys
from certdesk.domain.values.record import replace
from certdesk.domain.values.validity import BACKDATED
from certdesk.issuers.hierarchy import new_serial
from certdesk.ports import Issuer
from tests.issuing import asked, issue
from tests.privateca import NOON, SANDBOX_IDENTITY, InsideCa
from tests.requests_of_others import ACCEPTED, acceptable, collected, collected_pem, packaged

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
KEY = ec.generate_private_key(ec.SECP256R1())


def begun(issuer: Issuer, request: IssueRequest) -> Recorded:
    """Take the first step."""
    progress = issuer.proceed(request, None)
    assert isinstance(progress, Recorded), progress
    return progress


def declined(issuer: Issuer, request: IssueRequest, recorded: Recorded | None = None) -> str:
    """Take a step that is declined; give the reason."""
    progress = issuer.proceed(request, recorded)
    assert isinstance(progress, Declined), progress
    return progress.reason


# --- the same bytes, whatever happens between ----------------------------------------------------


def test_after_a_crash_the_same_bytes_are_signed_by_a_process_that_just_started(
    ca: InsideCa,
) -> None:
    """Also where that one serves at another address; the serial number is the recorded one."""
    request = asked(NOON, key=KEY)
    recorded = begun(ca.issuer, request)
    first = issue(ca.issuer, request, recorded).leaf
    ca.clock.move(timedelta(hours=7))

    after = ca.started("http://elsewhere.example.com:8081").issuer
    again = issue(after, request, recorded).leaf

    assert again.tbs_certificate_bytes == first.tbs_certificate_bytes
    assert f"{again.serial_number:x}" == recorded.serial


def test_what_was_recorded_long_ago_is_not_signed_any_more(ca: InsideCa) -> None:
    """Two days after its beginning a certificate would be back-dated (BR 7.1.2.7)."""
    request = asked(NOON, key=KEY)
    recorded = begun(ca.issuer, request)
    ca.clock.move(timedelta(hours=48) - BACKDATED)
    fresh = replace(request, authorizations=asked(ca.clock.now()).authorizations)
    assert isinstance(ca.issuer.proceed(fresh, recorded), Issued)

    ca.clock.move(SECOND)

    reason = "it would begin 2 days, 0:00:01 ago; at most 2 days, 0:00:00 is allowed"
    assert declined(ca.issuer, fresh, recorded) == reason


def test_a_clock_that_was_put_back_stops_the_signing(ca: InsideCa) -> None:
    """What begins in the future is not signed."""
    request = asked(NOON - DAY, key=KEY)
    recorded = begun(ca.issuer, replace(request, authorizations=asked(NOON).authorizations))
    ca.clock.move(-DAY)

    assert declined(ca.issuer, request, recorded) == "it begins in the future"


Change = Callable[[InsideCa, IssueRequest], IssueRequest]


def blocked(ca: InsideCa, request: IssueRequest) -> IssueRequest:
    """Block the key after the first step."""
    spki = keys.spki_sha256(KEY.public_key())
    entry = BlockedKey(spki_sha256=spki, reason="lost", created_at=NOON)
    ca.store.write(lambda unit: unit.blocked_keys.add(entry))
    return request


CHANGES: dict[str, tuple[Change, str]] = {
    "the key was blocked": (blocked, "its key is blocked"),
    "a proof was withdrawn": (
        lambda _, request: replace(request, authorizations=()),
        "there is no proof of www.example.com",
    ),
    "the order has other names": (
        lambda _, request: replace(
            asked(NOON, "www.example.com", "example.com", key=KEY), attempt=request.attempt
        ),
        "its names are not the names of the order",
    ),
    "the order has another key": (
        lambda _, request: replace(request, csr=asked(NOON).csr),
        "its key is not the key of the CSR",
    ),
    "the order may last less": (
        lambda _, request: replace(request, most_days=90),
        "it would last 199 days; at most 90 are allowed",
    ),
}


@pytest.mark.parametrize(("change", "reason"), CHANGES.values(), ids=list(CHANGES))
def test_what_no_longer_holds_is_not_signed(ca: InsideCa, change: Change, reason: str) -> None:
    """The gate looks again at the recorded bytes, so nothing that came between is overlooked."""
    request = asked(NOON, key=KEY)
    recorded = begun(ca.issuer, request)

    assert declined(ca.issuer, change(ca, request), recorded) == reason


def test_a_check_of_caa_that_is_too_old_can_be_repeated(ca: InsideCa) -> None:
    """The same bytes are signed once there is a new one."""
    request = asked(NOON, key=KEY)
    recorded = begun(ca.issuer, request)
    ca.clock.move(timedelta(hours=8, seconds=1))

    told = ca.issuer.proceed(request, recorded)

    assert told == Later(
        at=ca.clock.now() + timedelta(minutes=1),
        reason="the check of the CAA records of www.example.com is too old",
    )
    fresh = replace(request, authorizations=asked(ca.clock.now()).authorizations)
    assert f"{issue(ca.issuer, fresh, recorded).leaf.serial_number:x}" == recorded.serial


@pytest.mark.parametrize("state", [b"", b"{}", b'{"tbs": "AAAA"}', b"\xff"])
def test_a_state_that_cannot_be_read_is_declined(ca: InsideCa, state: bytes) -> None:
    """Rather than begun anew, which could give a second certificate."""
    recorded = Recorded(state=state, serial="1f")
    assert declined(ca.issuer, asked(NOON), recorded) == "the plan for it cannot be read"


ALTERED = "the plan for it was altered"


@hypothesis.given(place=st.integers(min_value=0), bit=st.integers(0, 7))
@hypothesis.settings(max_examples=60, deadline=None)
def test_a_record_gives_a_token_for_its_own_bytes_and_for_no_others(
    whole: InsideCa, place: int, bit: int
) -> None:
    """Whoever changes a bit of what is kept gets no certificate by it, or the one it was for."""
    request = asked(NOON, key=KEY)
    recorded = begun(whole.issuer, request)
    state = bytearray(recorded.state)
    state[place % len(state)] ^= 1 << bit

    after = whole.issuer.proceed(request, Recorded(state=bytes(state), serial=recorded.serial))

    if isinstance(after, Issued):
        whole_one = issue(whole.issuer, request, recorded).leaf
        leaf = x509.load_der_x509_certificate(after.leaf)
        assert leaf.tbs_certificate_bytes == whole_one.tbs_certificate_bytes
    else:
        assert isinstance(after, Declined)
        assert after.reason in {ALTERED, "the plan for it cannot be read"}


def test_what_was_recorded_for_one_order_is_signed_for_no_other(ca: InsideCa) -> None:
    """Though names and key are the same; nor for its next attempt, or by another serial number."""
    request = asked(NOON, key=KEY)
    recorded = begun(ca.issuer, request)

    for other in (
        replace(request, certificate_id="other123"),
        replace(request, attempt=2),
    ):
        assert declined(ca.issuer, other, recorded) == ALTERED
    assert declined(ca.issuer, request, Recorded(state=recorded.state, serial="1f")) == ALTERED


def test_a_token_is_not_made_by_hand_and_signs_once(ca: InsideCa) -> None:
    """So nothing can be signed that the gate has not seen, or twice by one passage of it."""
    request = asked(NOON, key=KEY)
    parts = ca.parts
    tokens: list[SigningToken] = []
    sign = parts.hierarchy.sign

    def witnessed(token: SigningToken) -> bytes:
        tokens.append(token)
        return sign(token)

    parts.hierarchy.sign = witnessed  # type: ignore[method-assign]  # the CA was built around it

    issue(parts.issuer, request)

    with pytest.raises(IndexError):
        sign(tokens[0])
    with pytest.raises(TypeError, match="only prepare makes a token"):
        SigningToken(object(), b"", "ecc-issuing", "SHA256")


# --- serial numbers and validity -----------------------------------------------------------------


def test_serial_numbers_are_long_and_positive() -> None:
    """Ten thousand of them: 128 bits at least, 159 at most, none twice, none above the other."""
    rng = random.Random(7)  # noqa: S311 -- repeatable, and guards nothing here
    drawn = [new_serial(rng) for _ in range(10_000)]

    assert all(128 <= serial.bit_length() <= 159 for serial in drawn)
    assert max(serial.bit_length() for serial in drawn) == 159
    assert len(set(drawn)) == len(drawn)
    assert drawn != sorted(drawn)


def test_the_announced_serial_number_is_lower_case_hexadecimal(ca: InsideCa) -> None:
    """As OpenSSL and the vendor write it, without leading zeros."""
    recorded = begun(ca.issuer, asked(NOON))

    assert recorded.serial is not None
    assert recorded.serial == f"{int(recorded.serial, 16):x}"


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (NOON, 199),
        (datetime(2027, 3, 14, 23, 59, 59, tzinfo=UTC), 199),
        (datetime(2027, 3, 15, tzinfo=UTC), 99),
        (datetime(2029, 3, 14, 23, 59, 59, tzinfo=UTC), 99),
        (datetime(2029, 3, 15, tzinfo=UTC), 46),
    ],
)
def test_certificates_last_as_long_as_the_day_allows(
    ca: InsideCa, now: datetime, days: int
) -> None:
    """Exactly so many days, both ends included, and from fifty minutes before on."""
    ca.clock.move(now - ca.clock.now())

    leaf = issue(ca.issuer, asked(now)).leaf

    assert leaf.not_valid_before_utc == now - BACKDATED
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc + SECOND == days * DAY


@pytest.mark.parametrize(("own", "most", "days"), [(825, None, 825), (7, None, 7), (825, 90, 90)])
def test_the_operator_s_validity_replaces_the_table_s(
    tmp_path_factory: pytest.TempPathFactory, own: int, most: int | None, days: int
) -> None:
    """An order may still shorten it."""
    ca = InsideCa(tmp_path_factory.mktemp("own"), own_days=own)

    leaf = issue(ca.issuer, asked(NOON, most_days=most)).leaf

    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc + SECOND == days * DAY


def test_no_certificate_outlasts_its_ca(tmp_path_factory: pytest.TempPathFactory) -> None:
    """It ends in the same second at the latest."""
    ca = InsideCa(tmp_path_factory.mktemp("long"), own_days=36500)

    leaf, issuing, root = issue(ca.issuer, asked(NOON)).path

    assert leaf.not_valid_after_utc == issuing.not_valid_after_utc <= root.not_valid_after_utc


def test_no_certificate_outlasts_what_was_bought(ca: InsideCa) -> None:
    """The CA shortens it to the second, and declines where nothing is left."""
    left = NOON + 20 * DAY
    assert issue(ca.issuer, asked(NOON, ends_by=left)).leaf.not_valid_after_utc == left
    far = issue(ca.issuer, asked(NOON, ends_by=NOON + 400 * DAY)).leaf
    assert far.not_valid_after_utc - far.not_valid_before_utc + SECOND == 199 * DAY
    assert declined(ca.issuer, asked(NOON, ends_by=NOON)) == "the time that was bought has ended"


# --- what is declined, and what is not copied ----------------------------------------------------


def test_nothing_is_begun_that_would_not_be_signed(ca: InsideCa) -> None:
    """The gate is asked before anything is recorded."""
    blocked(ca, asked(NOON, key=KEY))

    assert declined(ca.issuer, asked(NOON, key=KEY)) == "its key is blocked"
    assert (
        declined(ca.issuer, asked(NOON, authorizations=()))
        == "there is no proof of www.example.com"
    )


def by_id(entry: dict[str, Any]) -> str:
    """Name a collected CSR."""
    return str(entry["id"])


def refuse_to_copy(ca: InsideCa, pem: str) -> None:
    """Have a CSR's key certified for a name of the order's, and look for anything else of it."""
    leaf = issue(ca.issuer, asked(NOON, "www.example.com", csr=pem)).leaf

    assert leaf.public_key() == x509.load_pem_x509_csr(pem.encode()).public_key()
    assert leaf.subject.rfc4514_string() == "CN=www.example.com"
    plain = issue(ca.issuer, asked(NOON, "www.example.com", key=KEY)).leaf
    kinds = [extension.oid for extension in leaf.extensions]
    assert kinds == [extension.oid for extension in plain.extensions]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.DNSName("www.example.com")]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


HOSTILE: dict[str, x509.ExtensionType] = {
    "a CA": x509.BasicConstraints(ca=True, path_length=None),
    "any usage": x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
    "code signing": x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]),
    "must-staple": x509.TLSFeature([x509.TLSFeatureType.status_request]),
    "another name": x509.SubjectAlternativeName([x509.DNSName("www.example.org")]),
    "an address": x509.SubjectAlternativeName([x509.RFC822Name("a@example.org")]),
    "a policy": x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.1"), None)]
    ),
}


@pytest.mark.parametrize("extension", HOSTILE.values(), ids=list(HOSTILE))
def test_what_a_csr_asks_for_is_not_certified(
    whole: InsideCa, extension: x509.ExtensionType
) -> None:
    """Its key alone is."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Another Ltd"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "R&D"),
            x509.NameAttribute(NameOID.COMMON_NAME, "www.example.org"),
        ]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    csr = builder.add_extension(extension, critical=True).sign(KEY, hashes.SHA256())

    refuse_to_copy(whole, csr.public_bytes(Encoding.PEM).decode())


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_of_a_csr_of_others_nothing_but_its_key_is_certified(whole: InsideCa, name: str) -> None:
    """Of those that two packages bring."""
    refuse_to_copy(whole, packaged()[name])


@pytest.mark.corpus("csr")
@pytest.mark.parametrize("entry", [each for each in collected() if acceptable(each)], ids=by_id)
def test_of_a_collected_csr_nothing_but_its_key_is_certified(
    whole: InsideCa, entry: dict[str, Any]
) -> None:
    """Or it is declined with a reason, where the desk asks for more than others do."""
    pem = collected_pem(entry)
    try:
        request = asked(NOON, csr=pem)
    except CsrRefused as refused:
        assert refused.rule  # noqa: PT017 -- some of them are refused, and others are not
        return
    if isinstance(whole.issuer.proceed(request, None), Recorded):
        refuse_to_copy(whole, pem)
    else:
        assert declined(whole.issuer, request)


def test_a_sandbox_s_certificate_says_so_in_its_subject(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """And a desk's does not."""
    ca = InsideCa(tmp_path_factory.mktemp("sandbox"), identity=SANDBOX_IDENTITY)

    leaf = issue(ca.issuer, asked(NOON)).leaf

    (words,) = leaf.subject.get_attributes_for_oid(x509.ObjectIdentifier("2.5.4.13"))
    assert words.value == SANDBOX_WORDS
    (organisation,) = leaf.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert organisation.value == "certdesk sandbox"


def test_a_ca_issues_in_nine_years_too(ca: InsideCa) -> None:
    """When the table has changed and its own certificates are old."""
    issue(ca.issuer, asked(NOON))
    ca.clock.move(9 * 365 * DAY)
    now = ca.clock.now()

    path = issue(ca.issuer, asked(now)).path

    assert all(one.not_valid_before_utc <= now < one.not_valid_after_utc for one in path)
