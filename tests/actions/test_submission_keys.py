"""CertificateInfoSubmit, the key: made by the desk, or in a CSR that is handed in."""

from __future__ import annotations

import functools
import hashlib
import math
import time
from pathlib import Path

import gmpy2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.acceptance.database import csr_in_force
from tests.actions.submitting import COMPANY, Hash, csr_for, invalid, refused
from tests.running import Client, Keys, RunningDesk

UPLOADED = (Path(__file__).parents[1] / "data" / "uploaded_csr.pem").read_text()
MULTI, MULTI_WILDCARD = 26, 42
SECONDS = 60
"""How long to wait for background work before a test fails."""


@functools.cache
def elliptic() -> ec.EllipticCurvePrivateKey:
    """Make a good key, once."""
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def prime_after(start: int) -> int:
    """Find the first prime above a number."""
    return int(gmpy2.next_prime(start))


def rsa_of(p: int, q: int) -> rsa.RSAPrivateKey:
    """Make an RSA key of two primes."""
    d = pow(65537, -1, math.lcm(p - 1, q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=d % (p - 1),
        dmq1=d % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(65537, p * q),
    )
    return numbers.private_key()


def parsed(csr: str, **changes: object) -> dict[str, object]:
    """Give material with a CSR."""
    own: dict[str, object] = {"GenCsrType": "parse", "CsrEncryptAlgo": "", "CsrKeyParameter": ""}
    return own | {"Csr": csr} | changes


def refused_csr(client: Client, order: str, csr: str, rule: str, **changes: object) -> None:
    """Check that a CSR is refused, with the rule."""
    assert refused(client, order, **parsed(csr, **changes)) == invalid(f"Csr: {rule}.")


def spki(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> bytes:
    """Encode a public key."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


# --- made by the desk ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "parameter", "shown"),
    [
        ("RSA", "2048", "RSA 2048"),
        ("RSA", "4096", "RSA 4096"),
        ("ECC", "prime256v1", "ECC prime256v1"),
        (None, "2048", "RSA 2048"),
        ("", "2048", "RSA 2048"),
    ],
)
def test_a_key_is_made_as_it_is_ordered(
    desk: RunningDesk, client: Client, order: str, algorithm: str | None, parameter: str, shown: str
) -> None:
    """The algorithm is RSA where none is given; the CSR and the private key are a pair."""
    client.submit(order, CsrEncryptAlgo=algorithm, CsrKeyParameter=parameter)
    detail = client.detail(order)
    assert detail["EncryptAlgorithm"] == shown
    private = load_pem_private_key(detail["CertificatePrivateKey"].encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    csr = x509.load_pem_x509_csr(csr_in_force(desk.folder, order).encode())
    public = csr.public_key()
    assert isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    assert spki(private.public_key()) == spki(public)


@pytest.mark.parametrize(
    ("algorithm", "parameter"),
    [
        ("RSA", "1024"),
        ("RSA", "3072"),
        ("RSA", "prime256v1"),
        ("ECC", "2048"),
        ("ECC", "secp384r1"),
        ("ECC", "PRIME256V1"),
    ],
)
def test_a_parameter_that_no_key_is_made_of_is_refused(
    client: Client, order: str, algorithm: str, parameter: str
) -> None:
    """The vendor's code for a wrong pair of algorithm and parameter."""
    rule = "RSA takes 2048 or 4096, ECC takes prime256v1"
    changes = {"CsrEncryptAlgo": algorithm, "CsrKeyParameter": parameter}
    assert refused(client, order, **changes) == (
        "InvalidParameter.RenewAlgorithmInvalid",
        f'The algorithm is invalid. CsrKeyParameter: {rule}; got "{parameter}".',
    )


@pytest.mark.parametrize("absent", [None, ""])
def test_who_gives_no_algorithm_is_told_that_it_is_rsa(
    client: Client, order: str, absent: str | None
) -> None:
    """Or `ECC takes prime256v1; got "prime256v1"` would be a riddle."""
    assert refused(client, order, CsrEncryptAlgo=absent, CsrKeyParameter="prime256v1") == (
        "InvalidParameter.RenewAlgorithmInvalid",
        (
            "The algorithm is invalid. CsrKeyParameter: RSA takes 2048 or 4096, ECC takes "
            'prime256v1, and CsrEncryptAlgo is RSA if it is not set; got "prime256v1".'
        ),
    )


@pytest.mark.parametrize("algorithm", ["SM2", "DSA", "rsa"])
def test_an_algorithm_that_no_key_is_made_of_is_refused(
    client: Client, order: str, algorithm: str
) -> None:
    """The detail names the parameter that is wrong."""
    code, message = refused(client, order, CsrEncryptAlgo=algorithm)
    assert code == "InvalidParameter.RenewAlgorithmInvalid"
    assert f'CsrEncryptAlgo: RSA takes 2048 or 4096, ECC takes prime256v1; got "{algorithm}"' in (
        message
    )


def test_two_orders_never_share_a_key(client: Client) -> None:
    """Nor do two submissions of one order: each takes a new one."""
    first, second = client.buy(), client.buy()
    made = []
    for order in (first, second, first, second):
        client.submit(order)
        made.append(client.detail(order)["CertificatePrivateKey"])
    assert len(set(made)) == 4


def test_a_made_csr_asks_for_all_names_in_ascii(desk: RunningDesk, client: Client) -> None:
    """The common name first, and each once."""
    order = client.buy(MULTI, 3)
    client.submit(order, CertCommonName="BÜCHER.de", DnsNames=["www.bücher.de", "Example.com"])
    csr = x509.load_pem_x509_csr(csr_in_force(desk.folder, order).encode())
    alternative = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert csr.subject.rfc4514_string() == "CN=xn--bcher-kva.de"
    assert alternative.value.get_values_for_type(x509.DNSName) == [
        "xn--bcher-kva.de",
        "www.xn--bcher-kva.de",
        "example.com",
    ]


def test_a_csr_beside_online_is_passed_over(client: Client, order: str) -> None:
    """The page's example sends an empty one; a full one is no different, and is not shown."""
    client.submit(order, Csr="rubbish")
    shown = client.detail(order)["SubmittedData"]
    assert (shown["CsrType"], shown["CsrContent"]) == ("online", "")


# --- handed in ----------------------------------------------------------------------------------


def test_the_csr_of_the_source_page_is_taken(client: Client, order: str) -> None:
    """And shown back as it was handed in; the desk has no key for it."""
    client.submit(order, **parsed(UPLOADED, CertCommonName="tencent.com"))
    detail = client.detail(order)
    assert detail["EncryptAlgorithm"] == "RSA 2048"
    assert detail["CertificatePrivateKey"] is None
    assert detail["SubmittedData"]["CsrType"] == "parse"
    assert detail["SubmittedData"]["CsrContent"] == UPLOADED


def test_key_parameters_beside_a_csr_are_passed_over(client: Client, order: str) -> None:
    """The CSR says what key it has."""
    csr = csr_for(elliptic())
    given = parsed(csr, CsrEncryptAlgo="SM2", CsrKeyParameter="1")
    client.submit(order, **given)
    assert client.detail(order)["EncryptAlgorithm"] == "ECC prime256v1"


@pytest.mark.parametrize("common_name", ["EXAMPLE.com", "example.COM", None])
def test_the_common_name_of_a_csr_is_compared_in_its_normal_form(
    client: Client, order: str, common_name: str | None
) -> None:
    """A CSR may also have none, as ACME clients write it."""
    client.submit(order, **parsed(csr_for(elliptic(), common_name, ("example.com",))))


@pytest.mark.parametrize("common_name", ["www.example.com", "*.example.com", "example.org", "x"])
def test_a_csr_for_another_common_name_is_refused(
    client: Client, order: str, common_name: str
) -> None:
    """The page: that domain name must match the common name of the CSR."""
    rule = f'the common name of the CSR is "{common_name}", not example.com'
    refused_csr(client, order, csr_for(elliptic(), common_name), rule)


@pytest.mark.parametrize(
    "extra", ["www.example.com", "*.example.com", "example.org", "192.0.2.1.example.com"]
)
def test_a_csr_that_asks_for_a_name_outside_the_order_is_refused(
    client: Client, extra: str
) -> None:
    """Names come from the order; a CSR adds none."""
    order = client.buy(MULTI, 2)
    rule = f'the CSR asks for "{extra}", which is not among the ordered names'
    csr = csr_for(elliptic(), "example.com", ("example.com", "a.example.com", extra))
    refused_csr(client, order, csr, rule, DnsNames=["a.example.com"])


def test_a_csr_may_ask_for_fewer_names_than_are_ordered(client: Client) -> None:
    """The certificate gets all that were ordered."""
    order = client.buy(MULTI_WILDCARD, 3)
    csr = csr_for(elliptic(), "example.com", ("*.EXAMPLE.org",))
    client.submit(order, **parsed(csr, DnsNames=["*.example.org", "example.net"]))


@pytest.mark.parametrize(
    ("csr", "rule"),
    [
        ("rubbish", "the CSR must be one PEM block, CERTIFICATE REQUEST (RFC 7468, 7)"),
        (UPLOADED + UPLOADED, "the text has more than one PEM block"),
        (f"CN: tencent.com {UPLOADED}", "the CSR must be one PEM block"),
        (UPLOADED.replace("MIIC5zCC", "MIIC5zCD"), "the CSR is not a well-formed PKCS#10 request"),
        (UPLOADED.replace("rFT7AS", "rFT7AT"), "the signature of the CSR is not valid"),
        (UPLOADED.replace("MIIC", "MI IC!"), "the CSR must be one PEM block"),
        (
            "-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----\n",
            "the text contains a private key",
        ),
        ("A" * 40000, "the CSR is longer than 32768 characters"),
    ],
    ids=["text", "twice", "after text", "broken", "altered", "not base64", "private key", "long"],
)
def test_what_is_no_sound_csr_is_refused_with_the_reason(
    client: Client, order: str, csr: str, rule: str
) -> None:
    """One clean PEM block with a signature that holds."""
    code, message = refused(client, order, **parsed(csr, CertCommonName="tencent.com"))
    assert code == "FailedOperation.InvalidParam"
    assert message.startswith(f"Incorrect parameters. Csr: {rule}")


@pytest.mark.parametrize("hashed", [hashes.SHA384(), hashes.SHA512()])
def test_stronger_hashes_of_a_csr_are_taken(client: Client, order: str, hashed: Hash) -> None:
    """Besides SHA-256."""
    client.submit(order, **parsed(csr_for(elliptic(), hashed=hashed)))


def test_another_curve_is_refused(client: Client, order: str) -> None:
    """P-256 and P-384 are taken."""
    client.submit(order, **parsed(csr_for(ec.generate_private_key(ec.SECP384R1()))))
    csr = csr_for(ec.generate_private_key(ec.SECP521R1()))
    refused_csr(client, order, csr, "the curve must be P-256 or P-384")


def test_a_small_key_is_refused(client: Client, order: str) -> None:
    """RSA of 1024 bits."""
    small = rsa_of(prime_after(3 << 510), prime_after(7 << 509))
    rule = "the RSA modulus must have 2048, 3072 or 4096 bits"
    refused_csr(client, order, csr_for(small), rule)


def test_a_key_of_two_close_primes_is_refused(client: Client, order: str) -> None:
    """Fermat's method finds them in one step."""
    start = 0xC1 << 1016 | 0x1234567890ABCDEF << 640
    close = rsa_of(prime_after(start), prime_after(prime_after(start)))
    rule = "the primes of the RSA modulus are too close to each other"
    refused_csr(client, order, csr_for(close), rule)


def test_a_blocked_key_is_refused_whoever_hands_it_in(
    desk: RunningDesk, client: Client, order: str, tmp_path: Path
) -> None:
    """From the moment on at which the operator blocked it."""
    key = ec.generate_private_key(ec.SECP256R1())
    csr = csr_for(key)
    client.submit(order, **parsed(csr))
    listed = tmp_path / "lost keys.txt"
    listed.write_text(f"{hashlib.sha256(spki(key.public_key())).hexdigest()} lost\n")
    assert desk.certdesk("blocklist", "import", str(listed), "--reason", "lost") == {
        "Blocked": 1,
        "CertificateIds": [],
    }
    rule = "contains a blocked key. Make a new key and a new CSR"
    refused_csr(client, order, csr, rule)
    other = desk.client()
    refused_csr(other, other.buy(), csr_for(key, hashed=hashes.SHA384()), rule)


def test_a_key_that_turns_out_weak_later_is_set_aside(client: Client, order: str) -> None:
    """The slower checks run after the answer: here, primes next to round numbers."""
    sparse = rsa_of(prime_after(3 << 1022), prime_after(769 << 1014))
    given = parsed(csr_for(sparse))
    client.submit(order, **given)
    until = time.monotonic() + SECONDS
    while (answer := _answer(client, order, given)) is None:
        assert time.monotonic() < until, "the key was never looked at again"
        time.sleep(0.2)
    assert answer == invalid("Csr: contains a blocked key. Make a new key and a new CSR.")


def _answer(client: Client, order: str, given: dict[str, object]) -> tuple[str, str] | None:
    try:
        client.submit(order, **given)
    except TencentCloudSDKException as error:
        return error.get_code(), error.get_message()
    return None


# --- the subject of a made CSR ------------------------------------------------------------------


def subject_of(desk: RunningDesk, order: str) -> str:
    """Read the subject of the CSR that the desk made."""
    csr = csr_in_force(desk.folder, order)
    return x509.load_pem_x509_csr(csr.encode()).subject.rfc4514_string()


@pytest.mark.parametrize("product", [25, 48, 102])
def test_where_the_domain_alone_is_vetted_the_subject_is_the_name_alone(
    desk: RunningDesk, client: Client, product: int
) -> None:
    """Even when a company ordered it."""
    order = client.buy(product)
    client.submit(order, **COMPANY)
    assert subject_of(desk, order) == "CN=example.com"


@pytest.mark.parametrize("product", [28, 31])
def test_where_the_organisation_is_vetted_the_subject_names_it(
    desk: RunningDesk, client: Client, product: int
) -> None:
    """Country, state, city and organisation; the division is no part of any subject."""
    order = client.buy(product)
    client.submit(order, **COMPANY | {"OrgRegion": "Hunan", "OrgCity": "Changsha"})
    assert subject_of(desk, order) == (
        "CN=example.com,O=Example Trading Ltd,L=Changsha,ST=Hunan,C=CN"
    )


def test_a_subject_holds_any_script_and_a_country_as_a_code(
    desk: RunningDesk, client: Client
) -> None:
    """64 characters are the most for an organisation, however many bytes they take."""
    order = client.buy(28)
    name = "腾讯云证书" * 12 + "有限公司"
    client.submit(order, **COMPANY | {"OrgOrganization": name, "OrgCountry": "China"})
    assert subject_of(desk, order) == f"CN=example.com,O={name},L=Beijing,ST=Beijing,C=CN"


def test_the_data_of_a_company_record_wins_over_the_fields(
    desk: RunningDesk, client: Client, keys: Keys
) -> None:
    """Ids win: what was vetted is what is issued."""
    company = desk.company(keys, CompanyName="Vetted Ltd", CompanyProvince="Hunan")
    manager = desk.manager(keys, company, status="ok")
    for ids in ({"CompanyId": str(company)}, {"ManagerId": str(manager)}):
        order = client.buy(28)
        client.submit(order, **COMPANY, **ids)
        assert subject_of(desk, order) == "CN=example.com,O=Vetted Ltd,L=Guangzhou,ST=Hunan,C=CN"
        shown = client.detail(order)["SubmittedData"]
        assert shown["OrganizationName"] == "Example Trading Ltd"
