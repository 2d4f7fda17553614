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

from certdesk.domain.pki import csr
from certdesk.domain.values import keys
from tests import programs
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
FRAME = "the CSR must be one PEM block, CERTIFICATE REQUEST (RFC 7468, 7)"
BASE64 = "the CSR is not valid base64 (RFC 4648, 3 and 4)"
SIGNATURE = "the signature of the CSR is not valid (RFC 2986, 4.2)"
HASH = "the CSR must be signed with SHA-256, SHA-384 or SHA-512 (RFC 5754)"
ADDRESS = "the CSR asks for an IP address; certificates here are for domain names"
KEY_UNREAD = "the public key of the CSR cannot be read (RFC 5280, 4.1.2.7)"


def form(rule: str) -> str:
    """Write the refusal of a request that breaks a rule of its form."""
    return f"the CSR is not a well-formed PKCS#10 request (RFC 2986): {rule}"


def extensions(rule: str) -> str:
    """Write the refusal of extensions that break a rule."""
    return f"the extensions of the CSR cannot be read: {rule}"


def attribute(kind: str, value: bytes, tag: int) -> bytes:
    """Encode a relative distinguished name that holds one attribute."""
    return tlv(0x31, sequence(oid(kind), tlv(tag, value)))


LENGTH = form("a length that is not in its shortest form (X.690, 10.1)")
ELEMENTS = form("it is not three elements: content, algorithm, signature (RFC 2986, 4.2)")
CONTENT = form("content that is not in its canonical form (X.690, 8 and 11)")
VERSION = form("its version is not 0 (RFC 2986, 4.1)")
NOT_TEXT = form("a name has a value that is not text (RFC 5280, 4.1.2.4)")
CODE = form("a name has a value that is not encoded as its type requires (X.690, 8.23)")
SAN_FORM = "the subject alternative name is not well-formed (RFC 5280, 4.2.1.6)"


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


@pytest.mark.parametrize(
    "text",
    [
        "# my request\n" + UPLOADED,
        UPLOADED + "thank you\n",
        "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n" + UPLOADED,
        "\ufeff" + UPLOADED,
        "-----\n" + UPLOADED + "\n-----END OF MAIL-----\n",
        "中文\r\n" + UPLOADED.replace("\n", "\r\n"),
    ],
    ids=["a comment", "text behind", "openssl -text", "a byte order mark", "dashes", "Chinese"],
)
def test_text_around_the_block_is_passed_over(text: str) -> None:
    """RFC 7468, 2 and 5.2: it is for people; what is kept is the block."""
    assert csr.parse(text).pem == UPLOADED


@pytest.mark.needs("openssl")
def test_a_request_is_read_behind_its_description_by_openssl() -> None:
    """`openssl req -text` writes both."""
    text = programs.run("openssl", "req", "-text", text=UPLOADED)
    assert text.startswith("Certificate Request:")
    assert csr.parse(text).pem == UPLOADED


# --- refused for its frame --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", FRAME),
        (" \n", FRAME),
        ("MIIC", FRAME),
        ("CSR: " + UPLOADED, FRAME),
        (UPLOADED.removesuffix("\n") + "thank you", FRAME),
        (UPLOADED.removesuffix("\n") + "\u00a0", FRAME),
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
        (UPLOADED + UPLOADED, "the text has more than one PEM block"),
        ("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n", BASE64),
        (UPLOADED.replace("MIIC5z", "MIIC5"), BASE64),
        (UPLOADED.replace("MIIC5z", "MIIC5z=="), BASE64),
        (UPLOADED.replace("7AS\n", "7AS=\n"), BASE64),
        (UPLOADED.replace("7AS\n", "7A\n"), BASE64),
        (UPLOADED.replace("\n-----END", "\nAA==\n-----END"), LENGTH),
        (UPLOADED.replace("MIIC5z", "MIIC6z"), form("a length beyond the end (X.690, 8.1.3)")),
        (pem(b"\x30\x00"), ELEMENTS),
        (pem(b"hello"), form("a length beyond the end (X.690, 8.1.3)")),
    ],
)
def test_anything_but_one_clean_pem_block_is_refused(text: str, rule: str) -> None:
    """The lines around it are as RFC 7468 has them, and the base64 is canonical."""
    assert refusal(text) == rule


def test_stray_bits_at_the_end_of_the_base64_are_refused() -> None:
    """RFC 4648 3.5: otherwise one request has many spellings."""
    padded = pem(der_of(UPLOADED) + b"\x00")
    assert "AA==\n-----END" in padded
    assert refusal(padded) == LENGTH
    assert refusal(padded.replace("AA==\n-----END", "AB==\n-----END")) == BASE64


def test_a_private_key_is_refused_and_not_repeated() -> None:
    """The commonest mistake; the key must not travel on in a message."""
    key = keys.private_key_pem(rsa_key()).decode()
    for text in (key, UPLOADED + key, key.replace("PRIVATE", "RSA PRIVATE")):
        assert refusal(text) == "the text contains a private key; send only the CSR"


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
    assert refusal(text) in {FRAME, "the text has more than one PEM block"}


# --- refused for its content ------------------------------------------------------------------


@pytest.mark.parametrize("version", [b"\x01", b"\x02", b"\xff", b"\x00\x00", b"\x7f" * 9, b""])
def test_a_version_other_than_0_is_refused(version: bytes) -> None:
    """RFC 2986 knows one version; some old tools wrote 2."""
    rule = CONTENT if version in {b"", b"\x00\x00"} else VERSION
    assert refusal(signed(information(version=version))) == rule


def test_bytes_after_the_request_are_refused() -> None:
    """A request is one DER element."""
    assert refusal(pem(der_of(UPLOADED) + b"\x00")) == LENGTH
    assert refusal(pem(der_of(UPLOADED) + b"\x05\x00")) == form("not one element")


def test_a_length_that_is_not_written_as_der_is_refused() -> None:
    """BER allows more than one spelling, DER one."""
    der = der_of(UPLOADED)
    assert der[:2] == b"\x30\x82"
    assert refusal(pem(b"\x30\x83\x00" + der[2:])) == LENGTH


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
    rule = form("its signature is not a whole number of bytes (RFC 2986, 4.2)")
    assert refusal(pem(sequence(content, SHA_256, cut))) == rule


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
    rule = "the signature algorithm of the CSR is not supported (RFC 2986, 4.2)"
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
    assert refusal(signed(information(spki=spki))) == KEY_UNREAD


def test_a_point_off_the_curve_is_refused() -> None:
    """A key that is no point of its curve leaks those that meet it."""
    good = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    spki = good[:-1] + bytes([good[-1] ^ 1])
    assert refusal(signed(information(spki=spki))) == KEY_UNREAD


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
    rule = "the RSA key is marked for RSASSA-PSS; it must be a plain RSA key (RFC 3279, 2.3.1)"
    assert refusal(text) == rule


def test_a_capability_that_lists_rsassa_pss_marks_no_key() -> None:
    """Outlook's requests list what their maker can verify (RFC 8551, 2.5.2)."""
    listed = sequence(sequence(oid("1.2.840.113549.1.1.10")))
    capabilities = sequence(oid("1.2.840.113549.1.9.15"), tlv(0x31, listed))
    assert csr.parse(signed(information(requested(SAN), capabilities))).key == "ECC prime256v1"


@pytest.mark.parametrize("parameters", [b"\x05\x00", b"\x04\x00"], ids=["NULL", "bytes"])
def test_an_algorithm_of_ecdsa_has_no_parameters(parameters: bytes) -> None:
    """What is signed does not cover them, so there is one spelling."""
    algorithm = sequence(oid("1.2.840.10045.4.3.2"), parameters)
    rule = form("an algorithm of ECDSA has parameters (RFC 5758, 3.2)")
    assert refusal(signed(information(), algorithm=algorithm)) == rule


def test_two_common_names_are_refused() -> None:
    """Which of them the order is about cannot be said."""
    both = common_name(b"example.com") + common_name(b"example.org")
    assert refusal(signed(information(subject=both))) == "the CSR has more than one common name"


@pytest.mark.parametrize(
    ("value", "tag", "rule"),
    [
        (b"\xff\xfe", 0x0C, CODE),
        (b"\x00\x00\xd8\x00", 0x1C, CODE),
        (b"\x00\x11\x00\x00", 0x1C, CODE),
        (b"\xd8\x00\xdc\x00", 0x1E, CODE),
        (b"\x00e", 0x1C, CONTENT),
        (b"\x05", 0x02, NOT_TEXT),
        (b"example.com", 0x04, NOT_TEXT),
        (b"example.com", 0x1A, NOT_TEXT),
        (b"", 0x30, NOT_TEXT),
    ],
    ids=[
        "bad UTF-8",
        "a surrogate",
        "beyond Unicode",
        "a pair of surrogates",
        "half a character",
        "a number",
        "bytes",
        "a VisibleString",
        "a list",
    ],
)
@pytest.mark.parametrize("kind", ["2.5.4.3", "2.5.4.10"], ids=["common name", "organisation"])
def test_a_subject_with_a_value_that_is_not_text_is_refused(
    kind: str, value: bytes, tag: int, rule: str
) -> None:
    """X.520 has its types of text; OpenSSL reads no request with others, wherever they stand."""
    subject = attribute(kind, value, tag)
    assert refusal(signed(information(subject=subject))) == rule


@pytest.mark.parametrize(
    ("value", "tag"),
    [(b"m\xfcnchen.example", 0x13), (b"m\xfcnchen.example", 0x16), (b"\x00example.com", 0x03)],
    ids=["PrintableString", "IA5String", "bits"],
)
def test_a_common_name_has_characters_of_its_type(value: bytes, tag: int) -> None:
    """It is matched to the order, and what is no ASCII has its own types."""
    rule = "the common name of the CSR is not text of its type (RFC 5280, 4.1.2.4)"
    assert refusal(signed(information(subject=common_name(value, tag)))) == rule


@pytest.mark.parametrize(
    ("kind", "value", "tag"),
    [
        ("2.5.4.10", b"Example & Co", 0x13),
        ("2.5.4.10", b"M\xfcller GmbH", 0x13),
        ("2.5.4.10", b"M\xfcller GmbH", 0x14),
        ("2.5.4.10", b"M\xfcller GmbH", 0x16),
        ("2.5.4.6", b"DEU", 0x13),
        ("2.5.4.10", b"x" * 500, 0x0C),
        ("2.5.4.10", b"", 0x13),
        ("2.5.4.5", b"letters", 0x12),
        ("2.5.4.45", b"\x00\x05", 0x03),
    ],
    ids=[
        "an ampersand",
        "Latin-1 as PrintableString",
        "Latin-1 as TeletexString",
        "Latin-1 as IA5String",
        "a country of three letters",
        "a long organisation",
        "an empty organisation",
        "letters as NumericString",
        "an identifier of bits",
    ],
)
@pytest.mark.needs("openssl")
def test_what_is_passed_over_in_a_subject_decides_nothing(
    kind: str, value: bytes, tag: int
) -> None:
    """Nothing of it is used; OpenSSL reads it."""
    subject = attribute(kind, value, tag) + common_name(b"example.com")
    text = signed(information(requested(SAN), subject=subject))
    assert csr.parse(text).common_name == "example.com"
    assert "verify OK" in programs.run("openssl", "req", "-verify", "-noout", text=text)


def test_a_common_name_may_be_a_wildcard_in_a_printable_string() -> None:
    """The type has no asterisk, and node-forge writes it so."""
    subject = common_name(b"*.example.com", 0x13)
    assert csr.parse(signed(information(subject=subject))).common_name == "*.example.com"


@pytest.mark.parametrize(
    ("subject", "rule"),
    [
        (tlv(0x31), "a part of a name is not a set of attributes (RFC 5280, 4.1.2.4)"),
        (sequence(), "a part of a name is not a set of attributes (RFC 5280, 4.1.2.4)"),
        (tlv(0x31, sequence()), "an attribute of a name has no type (RFC 5280, 4.1.2.4)"),
        (
            tlv(0x31, sequence(oid("2.5.4.10"), tlv(0x0C, b"a"), b"\x05\x00")),
            "a name has a value that is not text (RFC 5280, 4.1.2.4)",
        ),
    ],
    ids=["an empty set", "no set", "no type", "three parts"],
)
def test_a_subject_that_is_no_name_is_refused(subject: bytes, rule: str) -> None:
    """Its structure counts, whatever it says."""
    assert refusal(signed(information(subject=subject))) == form(rule)


@pytest.mark.parametrize("tag", [0x0C, 0x13, 0x14, 0x16])
def test_a_common_name_is_read_in_every_type_of_text(tag: int) -> None:
    """UTF8String, PrintableString, TeletexString, IA5String."""
    read = csr.parse(signed(information(subject=common_name(b"example.com", tag))))
    assert read.common_name == "example.com"


@pytest.mark.parametrize(("code", "tag"), [("utf-16-be", 0x1E), ("utf-32-be", 0x1C)])
def test_a_common_name_is_read_in_wide_characters(code: str, tag: int) -> None:
    """BMPString and UniversalString."""
    read = csr.parse(signed(information(subject=common_name("exämple.com".encode(code), tag))))
    assert read.common_name == "exämple.com"


def test_an_unknown_attribute_is_left_behind() -> None:
    """A challenge password, say, or what Windows tells of itself."""
    password = sequence(oid("1.2.840.113549.1.9.7"), tlv(0x31, tlv(0x0C, b"secret")))
    assert csr.parse(signed(information(password, requested(SAN)))).common_name == "example.com"


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (b"\x02\x02\x00\x01", CONTENT),
        (b"\x01\x01\x01", CONTENT),
        (b"\x0c\x81\x01x", LENGTH),
        (b"\x30\x03\x02\x02\x01", form("a length beyond the end (X.690, 8.1.3)")),
        (
            b"\x2c\x00",
            form("a type in the wrong form, primitive or constructed (X.690, 8 and 10.2)"),
        ),
    ],
    ids=["long integer", "odd boolean", "long length", "cut short", "string in parts"],
)
def test_an_unknown_attribute_that_is_not_der_is_refused(value: bytes, rule: str) -> None:
    """Some readers look into it, and refuse the request."""
    unknown = sequence(oid("1.3.6.1.4.1.9999.2"), tlv(0x31, value))
    assert refusal(signed(information(unknown))) == rule


def test_an_unknown_attribute_may_have_no_value() -> None:
    """Of its form the type and the set are looked at."""
    empty = sequence(oid("1.3.6.1.4.1.9999.2"), tlv(0x31))
    assert csr.parse(signed(information(empty, requested(SAN)))).dns_names == ("www.example.com",)


ATTRIBUTE_FORM = form("its attributes are not a type and a set each (RFC 2986, 4.1)")


@pytest.mark.parametrize(
    ("attributes", "rule"),
    [
        ((sequence(oid("1.2.3.4")),), ATTRIBUTE_FORM),
        ((sequence(oid("1.2.3.4"), tlv(0x0C, b"x")),), ATTRIBUTE_FORM),
        (
            (tlv(0x31, oid("1.2.3.4"), tlv(0x31)),),
            form("its elements are not those of its type (RFC 5280, 4.1)"),
        ),
    ],
    ids=["no set", "a text for the set", "no pair"],
)
def test_attributes_that_are_none_are_refused(attributes: tuple[bytes, ...], rule: str) -> None:
    """RFC 2986 4.1: each is a type and a set of values, and all of them are a set."""
    assert refusal(signed(information(*attributes))) == rule


@pytest.mark.needs("openssl")
def test_sets_may_be_in_any_order() -> None:
    """node-forge writes attributes as they are handed to it; nothing of what they say changes."""
    word = sequence(oid("1.2.840.113549.1.9.7"), tlv(0x31, tlv(0x0C, b"x")))
    organisation = sequence(oid("2.5.4.10"), tlv(0x0C, b"an organisation"))
    name = sequence(oid("2.5.4.3"), tlv(0x0C, b"example.com"))
    text = signed(information(requested(SAN), word, subject=tlv(0x31, organisation, name)))
    read = csr.parse(text)
    assert (read.common_name, read.dns_names) == ("example.com", ("www.example.com",))
    assert "verify OK" in programs.run("openssl", "req", "-verify", "-noout", text=text)


def test_a_request_without_its_attributes_is_refused() -> None:
    """They may be none, and are not optional (RFC 2986, 4.1)."""
    spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    content = sequence(tlv(0x02, b"\x00"), sequence(common_name(b"example.com")), spki)
    rule = form("its content is not version, subject, key and attributes (RFC 2986, 4.1)")
    assert refusal(signed(content)) == rule


@pytest.mark.parametrize(
    "attributes",
    [
        (requested(SAN), requested(SAN)),
        (requested(SAN), requested(SAN, by="1.3.6.1.4.1.311.2.1.14")),
    ],
)
def test_two_requests_for_extensions_are_refused(attributes: tuple[bytes, ...]) -> None:
    """Readers differ on which of two lists counts, so there may be one."""
    rule = "the CSR asks for extensions more than once (RFC 2985, 5.4.2)"
    assert refusal(signed(information(*attributes))) == rule


ONE_VALUE = form("a request for extensions has one value (RFC 2985, 5.4.2)")


@pytest.mark.parametrize(
    ("attribute", "rule"),
    [
        (
            sequence(oid("1.2.840.113549.1.9.14"), tlv(0x31, sequence(SAN), sequence(SAN))),
            ONE_VALUE,
        ),
        (sequence(oid("1.2.840.113549.1.9.14"), tlv(0x31)), ONE_VALUE),
        (
            sequence(oid("1.2.840.113549.1.9.14"), tlv(0x31, b"\x05\x00")),
            extensions("the extensions are not a list (RFC 5280, 4.1)"),
        ),
        (requested(SAN, SAN), extensions("an extension appears twice (RFC 5280, 4.2)")),
        (
            requested(sequence(tlv(0x04, b"x"))),
            extensions("an extension has no identifier (RFC 5280, 4.1)"),
        ),
        (
            requested(sequence(oid("2.5.29.17"), b"\x05\x00")),
            extensions("an extension is not well-formed (RFC 5280, 4.1)"),
        ),
        (
            requested(sequence(oid("2.5.29.17"), b"\x01\x01\x00", tlv(0x04, sequence()))),
            extensions("a default value is written out (X.690, 11.5)"),
        ),
        (requested(extension("2.5.29.17", b"\x05\x00")), extensions(SAN_FORM)),
        (
            requested(extension("2.5.29.17", b"\x30\x81\x00")),
            extensions(f"{SAN_FORM}: a length that is not in its shortest form (X.690, 10.1)"),
        ),
        (
            requested(extension("2.5.29.17", sequence(tlv(0x82, b"\xffexample")))),
            extensions("a DNS name is not ASCII (RFC 5280, 4.2.1.6)"),
        ),
        (
            requested(extension("2.5.29.17", sequence(tlv(0x9E, b"x")))),
            extensions("a subject alternative name has no valid type (RFC 5280, 4.2.1.6)"),
        ),
        (
            requested(extension("2.5.29.17", sequence(tlv(0x87, b"12345")))),
            extensions("an IP address has 4 or 16 bytes (RFC 5280, 4.2.1.6)"),
        ),
    ],
    ids=[
        "two values",
        "no value",
        "no list",
        "one extension twice",
        "no identifier",
        "no bytes",
        "not critical, written out",
        "a SAN that is no list",
        "a SAN that is not DER",
        "a DNS name that is not ASCII",
        "a SAN of an unknown form",
        "an address of five bytes",
    ],
)
def test_names_that_cannot_be_read_are_refused(attribute: bytes, rule: str) -> None:
    """They count, and so does what leads to them; the rule says what is wrong."""
    assert refusal(signed(information(attribute))) == rule


@pytest.mark.parametrize(
    "passed_over",
    [
        (extension("2.5.29.19", b"\x30\x03\x02\x01\x00"),),
        (extension("2.5.29.15", b"\x03"),),
        (extension("2.5.29.15", b"\x03\x02\x07\x80"),) * 2,
        (sequence(oid("1.2.3.4"), b"\x01\x01\x00", tlv(0x04, b"")),),
    ],
    ids=["a path length without CA", "a key usage cut short", "one twice", "not critical"],
)
@pytest.mark.needs("openssl")
def test_extensions_that_are_passed_over_decide_nothing(passed_over: tuple[bytes, ...]) -> None:
    """Of extensions the alternative names alone are used; OpenSSL does not look at the others."""
    text = signed(information(requested(*passed_over, SAN)))
    assert csr.parse(text).dns_names == ("www.example.com",)
    assert "verify OK" in programs.run("openssl", "req", "-verify", "-noout", text=text)


@pytest.mark.parametrize(
    "general",
    [
        tlv(0x81, b"m\xfcller@example.com"),
        tlv(0x86, b"http://[::"),
        tlv(0xA4, sequence(attribute("2.5.4.10", b"Example & Co", 0x13))),
        tlv(0xA0, oid("1.2.3"), tlv(0xA0, b"\x02\x02\x00\x01")),
    ],
    ids=["e-mail", "URI", "directory name", "other name"],
)
def test_alternative_names_that_are_passed_over_decide_nothing(general: bytes) -> None:
    """They may say anything beside a DNS name."""
    names = extension("2.5.29.17", sequence(general, tlv(0x82, b"www.example.com")))
    assert csr.parse(signed(information(requested(names)))).dns_names == ("www.example.com",)


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
