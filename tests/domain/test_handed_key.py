"""Private keys that were handed in, as OpenSSL and others write them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.pki import der, pem, private_key
from certdesk.domain.pki.private_key import KeyRefused
from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind, PrivateKey
from certdesk.domain.values.secret import Secret
from tests import chains, programs
from tests.ec_numbers import ec_private_key, private_key_info
from tests.programs import PASSWORD

FRAME = "the private key must be one PEM block, PRIVATE KEY (RFC 7468, 10)"
WORD = 'it\'s a "pass" \\ word'
PEM = keys.private_key_pem(chains.key_of(KeyKind.P_256)).decode()


def refusal(text: str, password: str | None = None) -> str:
    """Read a key that must be refused, and give the rule."""
    with pytest.raises(KeyRefused) as caught:
        private_key.read(Secret(text), None if password is None else Secret(password))
    return caught.value.rule


def openssl(kind: KeyKind, *words: str | Path) -> str:
    """Have OpenSSL write a key in another way."""
    pem = keys.private_key_pem(chains.key_of(kind))
    return programs.run("openssl", *words, text=pem, env={PASSWORD: WORD})


def assert_same(text: str, key: PrivateKey, password: str | None = None) -> None:
    """A key is read as the very one."""
    found = private_key.read(Secret(text), None if password is None else Secret(password))
    assert found.private_numbers() == key.private_numbers()


@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_is_read_as_the_desk_writes_it(kind: KeyKind) -> None:
    """PKCS#8; a password for it is passed over."""
    key = chains.key_of(kind)
    text = keys.private_key_pem(key).decode()
    assert_same(text, key)
    assert_same(text, key, "unneeded")
    assert_same("\r\n " + text.replace("\n", "\r\n") + "\r\n", key)


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_is_read_in_openssls_older_form(kind: KeyKind) -> None:
    """`RSA PRIVATE KEY` and `EC PRIVATE KEY`."""
    text = openssl(kind, "pkey", "-traditional")
    assert "BEGIN RSA" in text or "BEGIN EC" in text
    assert_same(text, chains.key_of(kind))


@pytest.mark.needs("openssl")
def test_a_key_is_read_behind_the_block_of_its_curve() -> None:
    """As `openssl ecparam -genkey` writes it."""
    text = programs.run("openssl", "ecparam", "-name", "prime256v1", "-genkey")
    assert text.startswith("-----BEGIN EC PARAMETERS-----")
    assert keys.describe(private_key.read(Secret(text)).public_key()) == "ECC prime256v1"


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_is_read_behind_its_description_by_openssl(kind: KeyKind) -> None:
    """`openssl pkey -text` writes both."""
    text = openssl(kind, "pkey", "-text")
    assert not text.endswith("-----\n")
    assert_same(text, chains.key_of(kind))


NUMBERS = {
    "31 bytes": (0xC0FFEE << 200, 31),
    "3 bytes": (0xC0FFEE, 3),
    "33 bytes": ((1 << 255) + 5, 33),
    "40 bytes": (0xC0FFEE, 40),
}


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("what", NUMBERS)
@pytest.mark.parametrize("label", ["EC PRIVATE KEY", "PRIVATE KEY"])
def test_an_ecc_key_is_read_whatever_length_its_number_is_written_in(what: str, label: str) -> None:
    """Java and older programs write it as any number, and OpenSSL reads it."""
    number, size = NUMBERS[what]
    for public in (True, False):
        data = ec_private_key(number, size, ec.SECP256R1(), public=public)
        if label == "PRIVATE KEY":
            data = private_key_info(data, "1.2.840.10045.3.1.7")
        text = pem.encoded(label, data)
        assert_same(text, ec.derive_private_key(number, ec.SECP256R1()))
        assert "Key is valid" in programs.run("openssl", "pkey", "-check", "-noout", text=text)


def test_a_number_of_521_bits_has_66_bytes() -> None:
    """Whole bytes: 65 do not do."""
    data = ec_private_key(7, 65, ec.SECP521R1(), public=True)
    assert_same(pem.encoded("EC PRIVATE KEY", data), ec.derive_private_key(7, ec.SECP521R1()))


@pytest.mark.parametrize("number", [0, 1 << 256, (1 << 256) - 1])
def test_a_number_that_is_not_of_its_curve_is_refused(number: int) -> None:
    """It has to be 1 or more and below the order."""
    data = ec_private_key(5, 32, ec.SECP256R1(), public=False)
    data = data.replace(der.encode(0x04, (5).to_bytes(32)), der.encode(0x04, number.to_bytes(40)))
    whole = der.encode(0x30, data[2:])
    rule = "the private key cannot be read or is damaged"
    assert refusal(pem.encoded("EC PRIVATE KEY", whole)) == rule


@pytest.mark.parametrize("curve", [b"", b"\x06\x00", b"\x05\x00"], ids=["none", "empty", "NULL"])
def test_a_key_whose_curve_is_none_is_refused(curve: bytes) -> None:
    """It has a place for the name of one, and no name there that is any curve's."""
    data = ec_private_key(5, 32, ec.SECP256R1(), public=False)
    named = der.encode(0x06, der.identifier("1.2.840.10045.3.1.7"))
    body = data[2:].replace(der.encode(0xA0, named), der.encode(0xA0, curve))
    rule = "the private key cannot be read or is damaged"
    assert refusal(pem.encoded("EC PRIVATE KEY", der.encode(0x30, body))) == rule


def test_a_point_of_another_number_is_refused() -> None:
    """The two belong together."""
    data = ec_private_key(5, 32, ec.SECP256R1(), public=True)
    other = data.replace((5).to_bytes(32), (6).to_bytes(32))
    rule = "the private key cannot be read or is damaged"
    assert refusal(pem.encoded("EC PRIVATE KEY", other)) == rule


@pytest.mark.needs("openssl")
def test_bytes_of_an_identifier_in_an_encrypted_key_are_no_scrypt() -> None:
    """What an algorithm is is looked up where it stands, and not among all bytes."""
    text = openssl(KeyKind.P_256, "pkcs8", "-topk8", "-passout", f"env:{PASSWORD}")
    data = base64.b64decode("".join(text.splitlines()[1:-1]))
    algorithm, content = der.elements(next(der.elements(data)).content)
    scrypt = der.encode(0x06, der.identifier("1.3.6.1.4.1.11591.4.11"))
    hidden = der.encode(0x04, scrypt + content.content[len(scrypt) :])
    changed = der.encode(0x30, algorithm.whole + hidden)
    rule = "the private key cannot be read with that password"
    assert refusal(pem.encoded("ENCRYPTED PRIVATE KEY", changed), WORD) == rule


ENCRYPTED = {
    "PBES2": ("pkey", "-aes256"),
    "older, AES": ("pkey", "-traditional", "-aes128"),
    "older, triple DES": ("pkey", "-traditional", "-des3"),
    "PBES2 with SHA-512": ("pkcs8", "-topk8", "-v2", "aes128", "-v2prf", "hmacWithSHA512"),
    "many rounds": ("pkcs8", "-topk8", "-iter", "1000000"),
    "PKCS#12": ("pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"),
}


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.P_256])
@pytest.mark.parametrize("how", ENCRYPTED)
def test_an_encrypted_key_is_read_with_its_password_alone(kind: KeyKind, how: str) -> None:
    """Each refusal says what is missing."""
    text = openssl(kind, *ENCRYPTED[how], "-passout", f"env:{PASSWORD}")
    assert_same(text, chains.key_of(kind), WORD)
    assert refusal(text) == "the private key is encrypted, and its password is missing"
    assert refusal(text, "wrong") == "the private key cannot be read with that password"


@pytest.mark.needs("openssl")
def test_an_encrypted_key_that_asks_for_too_much_work_is_refused() -> None:
    """Its own parameters say how long the desk would calculate."""
    words = ("pkcs8", "-topk8", "-passout", f"env:{PASSWORD}")
    slow = openssl(KeyKind.P_256, *words, "-iter", "1000001")
    assert refusal(slow, WORD) == "the private key is encrypted with more than 1000000 rounds"
    large = openssl(KeyKind.P_256, *words, "-scrypt")
    assert (
        refusal(large, WORD)
        == "the private key is encrypted with scrypt; PBKDF2 is read (RFC 8018, 6.2)"
    )


def test_a_key_larger_than_servers_use_is_refused_before_it_is_looked_at() -> None:
    """To check the largest takes minutes."""
    body = base64.encodebytes(bytes(3001)).decode()
    text = f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"
    assert refusal(text) == "the private key has more than 3000 bytes"
    assert refusal(PEM + "\n" * 33_000 + PEM) == "the private key is longer than 32768 characters"


def pkcs8(key: ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey) -> str:
    """Write a key of a kind that the desk does not take."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_key_of_another_kind_is_refused() -> None:
    """The certificate could not have it either."""
    for key in (ed25519.Ed25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()):
        assert refusal(pkcs8(key)) == "the private key must be RSA or ECC"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "key",
        PEM + PEM,
        "key: " + PEM,
        PEM.rstrip() + "#",
        PEM + "\0",
        PEM + chains.pem(chains.root().certificate),
        PEM.replace("PRIVATE", "PUBLIC"),
        PEM.replace("-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"),
        chains.pem(chains.root().certificate),
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
    ],
)
def test_what_is_not_one_key_in_pem_is_refused(text: str) -> None:
    """Nothing of the text is in the rule."""
    assert refusal(text) == FRAME


def test_bytes_that_are_no_text_are_refused() -> None:
    """Secrets may be either."""
    with pytest.raises(KeyRefused):
        private_key.read(Secret(b"\xff\xfe"))


@pytest.mark.needs("openssl")
def test_an_sm2_key_cannot_be_read() -> None:
    """There is no library for it on the way of a request."""
    text = programs.run("openssl", "ecparam", "-name", "SM2", "-genkey", "-noout")
    assert refusal(text) == "the private key cannot be read or is damaged"


@given(st.integers(0, 10_000), st.integers(0, 255), st.booleans())
def test_a_damaged_key_is_read_or_refused(at: int, value: int, encrypted: bool) -> None:  # noqa: FBT001 -- hypothesis passes it by name
    """Whatever one byte is exchanged for; another key never comes out."""
    key = chains.key_of(KeyKind.P_256)
    protection = BestAvailableEncryption(b"p") if encrypted else NoEncryption()
    data = bytearray(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, protection))
    data[at % len(data)] = value
    label = "ENCRYPTED PRIVATE KEY" if encrypted else "PRIVATE KEY"
    text = f"-----BEGIN {label}-----\n{base64.encodebytes(data).decode()}-----END {label}-----\n"
    try:
        found = private_key.read(Secret(text), Secret("p"))
    except KeyRefused:
        return
    assert found.public_key() == key.public_key()
