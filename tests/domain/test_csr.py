"""Certificate signing requests: read, or refused with a rule."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from certdesk.domain import csr, keys
from tests.domain.csr_texts import (
    KEY,
    SAN,
    SHA_256,
    common_name,
    der_of,
    dns,
    extension,
    information,
    oid,
    pem,
    refusal,
    request,
    requested,
    rsa_key,
    sequence,
    signed,
    tlv,
)

UPLOADED = (Path(__file__).parents[1] / "data" / "uploaded_csr.pem").read_text()
FRAME = "the CSR must be one PEM block, CERTIFICATE REQUEST, and nothing else"
BASE64 = "the CSR is not valid base64"
FORM = "the CSR is not a well-formed PKCS#10 request"
SIGNATURE = "the signature of the CSR is not valid"
HASH = "the CSR must be signed with SHA-256, SHA-384 or SHA-512"
ADDRESS = "the CSR asks for an IP address; certificates here are for domain names"
EXTENSIONS = "the extensions of the CSR cannot be read"
ATTRIBUTES = "the attributes of the CSR cannot be read"


# --- reading ----------------------------------------------------------------------------------


def test_the_documented_request_is_read() -> None:
    """The example of the service's own page, with a Chinese subject and an OU."""
    read = csr.parse(UPLOADED)
    assert read.pem == UPLOADED
    assert read.common_name == "tencent.com"
    assert read.dns_names == ("tencent.com",)
    assert read.key == "RSA 2048"
    assert (
        read.spki_sha256.hex() == "ef3b86f9a95a9509484e75a0aebb29313340ebfbbcf2eeb10ef080e7133172b1"
    )
    assert keys.spki_sha256(read.public_key) == read.spki_sha256


def test_the_hand_made_request_is_read() -> None:
    """What the tests below break in one place each is whole without the break."""
    read = csr.parse(signed(information(requested(SAN))))
    assert read.common_name == "example.com"
    assert read.dns_names == ("www.example.com",)
    assert read.key == "ECC prime256v1"


def test_names_are_taken_in_lower_case_and_once() -> None:
    """DNS names carry no case; their order is kept."""
    names = dns("WWW.Example.com", "example.com", "www.example.com", "*.EXAMPLE.com")
    read = csr.parse(request(*names))
    assert read.dns_names == ("www.example.com", "example.com", "*.example.com")


def test_a_request_without_common_name_or_alternative_names_is_read() -> None:
    """Both may be missing: the order says the names."""
    read = csr.parse(request(subject=()))
    assert read.common_name is None
    assert read.dns_names == ()


def test_a_common_name_that_is_no_domain_is_read_as_it_stands() -> None:
    """Whether it fits the order is for the match to say."""
    read = csr.parse(request(subject=((NameOID.COMMON_NAME, "PolarSSL Server 1"),)))
    assert read.common_name == "PolarSSL Server 1"


@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
@pytest.mark.parametrize(
    "key", [KEY, ec.derive_private_key(7, ec.SECP384R1()), rsa_key()], ids=["P-256", "P-384", "RSA"]
)
def test_the_accepted_algorithms_pass(
    key: keys.PrivateKey, algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512
) -> None:
    """Three hashes, with each kind of key."""
    assert csr.parse(request(key=key, algorithm=algorithm)).common_name == "example.com"


def test_what_else_a_request_asks_for_is_left_behind() -> None:
    """Only DNS names are taken from it, whatever extensions and names it has."""
    text = request(
        *dns("example.com"),
        x509.RFC822Name("admin@example.com"),
        x509.UniformResourceIdentifier("https://example.com/"),
        x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x01x"),
        x509.DirectoryName(x509.Name([])),
        x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
        extensions=(
            x509.BasicConstraints(ca=True, path_length=0),
            x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.3")]),
            x509.TLSFeature([x509.TLSFeatureType.status_request]),
            x509.PrecertPoison(),
            x509.UnrecognizedExtension(x509.ObjectIdentifier("2.25.123456789"), b"\x05\x00"),
        ),
        subject=(
            (NameOID.ORGANIZATIONAL_UNIT_NAME, "Research"),
            (NameOID.COMMON_NAME, "example.com"),
            (NameOID.EMAIL_ADDRESS, "admin@example.com"),
            (NameOID.SERIAL_NUMBER, "7"),
        ),
    )
    read = csr.parse(text)
    assert read.common_name == "example.com"
    assert read.dns_names == ("example.com",)


def test_an_unknown_critical_extension_is_left_behind_too() -> None:
    """It would bind a reader of the certificate, and is never copied there."""
    unknown = sequence(oid("1.3.6.1.4.1.9999.1"), b"\x01\x01\xff", tlv(0x04, b"\x05\x00"))
    assert csr.parse(signed(information(requested(unknown, SAN)))).dns_names == ("www.example.com",)


def test_the_older_attribute_of_windows_is_read_as_well() -> None:
    """Some Windows tools ask for extensions by an identifier of their own."""
    text = signed(information(requested(SAN, by="1.3.6.1.4.1.311.2.1.14")))
    assert csr.parse(text).dns_names == ("www.example.com",)


@pytest.mark.parametrize(
    "text",
    [
        UPLOADED.replace("\n", "\r\n"),
        UPLOADED.replace("\n", "\r"),
        "\n\n  \t" + UPLOADED + "\r\n \n",
        UPLOADED.removesuffix("\n"),
        UPLOADED.replace("\n", " \n"),
    ],
    ids=["CRLF", "CR", "blanks around", "no last line end", "blanks at line ends"],
)
def test_line_ends_and_blanks_around_the_block_do_not_matter(text: str) -> None:
    """What forms and editors do to a text on its way."""
    read = csr.parse(text)
    assert read.common_name == "tencent.com"
    assert read.pem.replace(" \n", "\n") == UPLOADED


def test_the_older_label_is_read_and_kept() -> None:
    """Netscape and Windows write NEW CERTIFICATE REQUEST."""
    text = UPLOADED.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
    assert csr.parse(text).pem == text


# --- refused for its frame --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", FRAME),
        (" \n", FRAME),
        ("MIIC", FRAME),
        ("# my request\n" + UPLOADED, FRAME),
        (UPLOADED + "thank you\n", FRAME),
        ("\ufeff" + UPLOADED, FRAME),
        (UPLOADED + "\u00a0", FRAME),
        (UPLOADED + "\x00", FRAME),
        (UPLOADED.replace("MIIC5z", "MIIC\x005z"), FRAME),
        (UPLOADED.replace("MIIC5z", "MIIC-5z"), FRAME),
        (UPLOADED.replace("MIIC5z", "MIIC５z"), FRAME),
        (UPLOADED.replace("\nMIIC5z", "\nProc-Type: 4,ENCRYPTED\n\nMIIC5z"), FRAME),
        (UPLOADED.replace("CERTIFICATE REQUEST", "CERTIFICATE"), FRAME),
        (UPLOADED.replace("CERTIFICATE REQUEST", "OLD CERTIFICATE REQUEST"), FRAME),
        (UPLOADED.replace("BEGIN CERTIFICATE", "BEGIN NEW CERTIFICATE"), FRAME),
        (UPLOADED.replace("\n", " "), FRAME),
        (UPLOADED.replace("-----END", "----END"), FRAME),
        (UPLOADED.partition("-----END")[0], FRAME),
        (UPLOADED + UPLOADED, "there is more than one PEM block"),
        ("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n", BASE64),
        (UPLOADED.replace("MIIC5z", "MIIC5"), BASE64),
        (UPLOADED.replace("MIIC5z", "MIIC5z=="), BASE64),
        (UPLOADED.replace("7AS\n", "7AS=\n"), BASE64),
        (UPLOADED.replace("7AS\n", "7A\n"), BASE64),
        (UPLOADED.replace("\n-----END", "\nAA==\n-----END"), FORM),
        (UPLOADED.replace("MIIC5z", "MIIC6z"), FORM),
        (pem(b"\x30\x00"), FORM),
        (pem(b"hello"), FORM),
    ],
)
def test_anything_but_one_clean_pem_block_is_refused(text: str, rule: str) -> None:
    """RFC 7468 as strictly as it is written by machines, in canonical base64."""
    assert refusal(text) == rule


def test_stray_bits_at_the_end_of_the_base64_are_refused() -> None:
    """RFC 4648 3.5: otherwise one request has many spellings."""
    padded = pem(der_of(UPLOADED) + b"\x00")
    assert "AA==\n-----END" in padded
    assert refusal(padded) == FORM
    assert refusal(padded.replace("AA==\n-----END", "AB==\n-----END")) == BASE64


def test_a_private_key_is_refused_and_not_repeated() -> None:
    """The commonest mistake; the key must not travel on in a message."""
    key = keys.private_key_pem(rsa_key()).decode()
    for text in (key, UPLOADED + key, key.replace("PRIVATE", "RSA PRIVATE")):
        assert refusal(text) == "a private key was handed in; the CSR alone is needed"


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN" * 85_600,
        UPLOADED * 10_000,
        "-----BEGIN CERTIFICATE REQUEST-----\n" + "A" * 1_000_000,
        UPLOADED + " " * 40_000,
        "\x00" * 1_000_000,
        "\n" * 32_769,
    ],
    ids=["begin lines", "blocks", "one line", "blanks", "NULs", "line ends"],
)
def test_a_huge_text_is_refused_by_its_length(text: str) -> None:
    """32 KiB hold any honest request; more is not looked at."""
    assert refusal(text) == "the CSR is longer than 32768 characters"


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN" * 3_000,
        "-" * 32_768,
        "-----BEGIN CERTIFICATE REQUEST-----" + " " * 32_000,
        "-----BEGIN CERTIFICATE REQUEST-----\n" + "A" * 32_000,
        "-----BEGIN CERTIFICATE REQUEST-----" + "\n" * 32_000 + "-----END",
        "-----BEGIN CERTIFICATE REQUEST-----\n" + " A" * 15_000 + "-----END X-----",
    ],
)
def test_a_hostile_text_within_the_length_is_refused_too(text: str) -> None:
    """No pattern here makes the search for the frame run away."""
    assert refusal(text) in {FRAME, "there is more than one PEM block"}


# --- refused for its content ------------------------------------------------------------------


@pytest.mark.parametrize("version", [b"\x01", b"\x02", b"\xff", b"\x00\x00", b"\x7f" * 9, b""])
def test_a_version_other_than_0_is_refused(version: bytes) -> None:
    """RFC 2986 knows one version; some old tools wrote 2."""
    assert refusal(signed(information(version=version))) == FORM


def test_bytes_after_the_request_are_refused() -> None:
    """A request is one DER element."""
    assert refusal(pem(der_of(UPLOADED) + b"\x00")) == FORM


def test_a_length_that_is_not_written_as_der_is_refused() -> None:
    """BER allows more than one spelling, DER one."""
    der = der_of(UPLOADED)
    assert der[:2] == b"\x30\x82"
    assert refusal(pem(b"\x30\x83\x00" + der[2:])) == FORM


def test_a_signature_of_another_key_is_refused() -> None:
    """The request proves that its maker has the private key."""
    other = ec.derive_private_key(8, ec.SECP256R1()).public_key()
    spki = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert refusal(signed(information(spki=spki))) == SIGNATURE


def test_a_signature_over_other_content_is_refused() -> None:
    """A name changed after signing shows."""
    changed = der_of(UPLOADED).replace(b"tencent.com", b"tencent.org", 1)
    assert refusal(pem(changed)) == SIGNATURE


def test_a_signature_that_says_another_hash_is_refused() -> None:
    """The hash that is named is the one that is checked."""
    sha_384 = sequence(oid("1.2.840.10045.4.3.3"))
    assert refusal(signed(information(), algorithm=sha_384)) == SIGNATURE


def test_a_signature_with_unused_bits_is_refused() -> None:
    """A signature is whole bytes; the library passes over the number of unused bits."""
    content = information()
    signature = KEY.sign(content, ec.ECDSA(hashes.SHA256()))
    while signature[-1] & 1:
        signature = KEY.sign(content, ec.ECDSA(hashes.SHA256()))
    whole, cut = (tlv(0x03, unused, signature) for unused in (b"\x00", b"\x01"))
    assert csr.parse(pem(sequence(content, SHA_256, whole))).common_name == "example.com"
    assert refusal(pem(sequence(content, SHA_256, cut))) == SIGNATURE


@pytest.mark.parametrize(
    "dotted",
    ["1.2.840.10045.4.1", "1.2.840.10045.4.3.1"],
    ids=["ecdsa-with-SHA1", "ecdsa-with-SHA224"],
)
def test_a_weak_hash_is_refused_whether_or_not_the_signature_holds(dotted: str) -> None:
    """BR 7.1.3.2.2: SHA-256, SHA-384 and SHA-512."""
    assert refusal(signed(information(), algorithm=sequence(oid(dotted)))) == HASH
    assert refusal(request(algorithm=hashes.SHA224())) == HASH


@pytest.mark.parametrize("dotted", ["1.2.3.4", "1.2.840.113549.1.1.2"], ids=["unknown", "MD2"])
def test_an_unknown_signature_algorithm_is_refused(dotted: str) -> None:
    """What the library does not know it cannot verify."""
    rule = "the signature algorithm of the CSR is not supported"
    assert refusal(signed(information(), algorithm=sequence(oid(dotted)))) == rule


def test_an_unaccepted_key_is_refused_with_the_rule_for_keys() -> None:
    """One set of rules for keys, wherever they come from."""
    assert (
        refusal(request(key=ed25519.Ed25519PrivateKey.generate())) == "the key must be RSA or ECC"
    )
    curve = ec.derive_private_key(7, ec.SECP521R1())
    assert refusal(request(key=curve)) == "the curve must be P-256 or P-384"
    size = "the RSA modulus must have 2048, 3072 or 4096 bits"
    assert refusal(request(key=rsa_key(1024))) == size


def test_a_key_of_an_unknown_kind_is_refused() -> None:
    """The library raises for it only when the key is asked for."""
    spki = sequence(sequence(oid("1.2.643.7.1.1.1.1")), tlv(0x03, b"\x00\x01"))
    assert refusal(signed(information(spki=spki))) == "the public key of the CSR cannot be read"


def test_a_point_off_the_curve_is_refused() -> None:
    """A key that is no point of its curve leaks those that meet it."""
    good = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    spki = good[:-1] + bytes([good[-1] ^ 1])
    assert refusal(signed(information(spki=spki))) == "the public key of the CSR cannot be read"


def test_a_key_marked_for_rsassa_pss_is_refused() -> None:
    """Certificates carry plain RSA keys only (BR 7.1.3.1.1)."""
    numbers = rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    pss = "1.2.840.113549.1.1.10"
    content = information(spki=sequence(sequence(oid(pss)), tlv(0x03, b"\x00", numbers)))
    salt = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    signature = rsa_key().sign(content, salt, hashes.SHA256())
    sha_256 = sequence(oid("2.16.840.1.101.3.4.2.1"))
    parameters = sequence(
        tlv(0xA0, sha_256),
        tlv(0xA1, sequence(oid("1.2.840.113549.1.1.8"), sha_256)),
        tlv(0xA2, b"\x02\x01\x20"),
    )
    text = pem(sequence(content, sequence(oid(pss), parameters), tlv(0x03, b"\x00", signature)))
    assert refusal(text) == "the RSA key is marked for RSASSA-PSS; it must be a plain RSA key"


def test_two_common_names_are_refused() -> None:
    """Which of them the order is about cannot be said."""
    both = common_name(b"example.com") + common_name(b"example.org")
    assert refusal(signed(information(subject=both))) == "the CSR has more than one common name"


@pytest.mark.parametrize(
    ("value", "tag", "rule"),
    [
        (b"\xff\xfe", 0x0C, "the subject of the CSR cannot be read"),
        (b"\x00\x00\xd8\x00", 0x1C, FORM),
        (b"\x00e", 0x1C, FORM),
        (b"\x05", 0x02, "the subject of the CSR cannot be read"),
        (b"example.com", 0x04, "the subject of the CSR has a value that is not text"),
        (b"example.com", 0x1A, "the subject of the CSR has a value that is not text"),
        (b"\x00example.com", 0x03, "the subject of the CSR cannot be read"),
    ],
    ids=[
        "bad UTF-8",
        "a surrogate",
        "half a character",
        "a number",
        "bytes",
        "a VisibleString",
        "bits",
    ],
)
def test_a_common_name_that_is_not_text_is_refused(value: bytes, tag: int, rule: str) -> None:
    """X.520 has its types of text, and readers agree on no others."""
    assert refusal(signed(information(subject=common_name(value, tag)))) == rule


@pytest.mark.parametrize("tag", [0x0C, 0x13, 0x14, 0x16])
def test_a_common_name_is_read_in_every_type_of_text(tag: int) -> None:
    """UTF8String, PrintableString, TeletexString, IA5String."""
    read = csr.parse(signed(information(subject=common_name(b"example.com", tag))))
    assert read.common_name == "example.com"


def test_an_unknown_attribute_is_left_behind() -> None:
    """A challenge password, say, or what Windows tells of itself."""
    password = sequence(oid("1.2.840.113549.1.9.7"), tlv(0x31, tlv(0x0C, b"secret")))
    assert csr.parse(signed(information(password, requested(SAN)))).common_name == "example.com"


@pytest.mark.parametrize(
    "value",
    [b"\x02\x02\x00\x01", b"\x01\x01\x01", b"\x0c\x81\x01x", b"\x30\x03\x02\x02\x01", b"\x2c\x00"],
    ids=["long integer", "odd boolean", "long length", "cut short", "string in parts"],
)
def test_an_unknown_attribute_that_is_not_der_is_refused(value: bytes) -> None:
    """The library does not look into it; other readers do, and refuse the request."""
    unknown = sequence(oid("1.3.6.1.4.1.9999.2"), tlv(0x31, value))
    assert refusal(signed(information(unknown))) == FORM


@pytest.mark.parametrize(
    "attributes",
    [
        (requested(SAN), requested(SAN)),
        (requested(SAN), requested(SAN, by="1.3.6.1.4.1.311.2.1.14")),
    ],
)
def test_two_requests_for_extensions_are_refused(attributes: tuple[bytes, ...]) -> None:
    """Readers differ on which of two lists counts, so there may be one."""
    rule = "the CSR asks for extensions more than once"
    assert refusal(signed(information(*attributes))) == rule


@pytest.mark.parametrize(
    ("attribute", "rule"),
    [
        (
            sequence(oid("1.2.840.113549.1.9.14"), tlv(0x31, sequence(SAN), sequence(SAN))),
            ATTRIBUTES,
        ),
        (sequence(oid("1.2.840.113549.1.9.14"), tlv(0x31)), ATTRIBUTES),
        (requested(SAN, SAN), EXTENSIONS),
        (requested(extension("2.5.29.17", b"\x05\x00")), EXTENSIONS),
        (requested(extension("2.5.29.17", sequence(tlv(0x82, b"\xffexample")))), EXTENSIONS),
        (requested(extension("2.5.29.17", sequence(tlv(0x9E, b"x")))), EXTENSIONS),
        (requested(extension("2.5.29.17", sequence(tlv(0x87, b"12345")))), EXTENSIONS),
        (requested(extension("2.5.29.19", b"\x30\x03\x02\x01\x00")), EXTENSIONS),
        (requested(extension("2.5.29.15", b"\x03")), EXTENSIONS),
    ],
    ids=[
        "two values",
        "no value",
        "one extension twice",
        "a SAN that is no list",
        "a DNS name that is not ASCII",
        "a SAN of an unknown form",
        "an address of five bytes",
        "a path length without CA",
        "a key usage cut short",
    ],
)
def test_extensions_that_cannot_be_read_are_refused(attribute: bytes, rule: str) -> None:
    """Also those that would be left behind: a broken list says that its maker is broken."""
    assert refusal(signed(information(attribute))) == rule


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_an_ip_address_is_refused(address: str) -> None:
    """No order can have one."""
    wanted = x509.IPAddress(ipaddress.ip_address(address))
    assert refusal(request(*dns("example.com"), wanted)) == ADDRESS


@pytest.mark.parametrize(
    "names",
    [
        [x509.DNSName("")] * 1001,
        [x509.RegisteredID(x509.ObjectIdentifier("1.2"))] * 1001,
        [x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")] * 400))],
    ],
    ids=["empty names", "identifiers", "one name of many parts"],
)
def test_an_extension_with_too_many_values_is_refused_unread(names: list[x509.GeneralName]) -> None:
    """A text of 32 KiB may hold eleven thousand empty names, and the library makes all of them."""
    assert refusal(request(*names)) == "an extension of the CSR has more than 1000 values"
