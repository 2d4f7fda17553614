"""PFX and JKS files: other programs open them with the password and find key and chain."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from certdesk.domain.delivery import bundles, jks
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.secret import Secret
from tests import chains, programs
from tests.deliveries import MADE_AT, MADE_PASS, delivery, members
from tests.programs import PASSWORD

# All that a KeyPass may be: 1 to 32 printable ASCII characters, blanks included.
PASSWORDS = [
    "a",
    "plain",
    "with 'single' quotes",
    'with "double" quotes',
    "back\\slash\\",
    " blanks around ",
    "$(touch x) `y` %PATH% !1 #&;|<>",
    "32 characters, which are all ~~~",
]
DOMAINS = ["www.example.com", "*.example.com", "bücher.example.com", "a" * 52 + ".example.com"]
STORES = {"IIS": "pfx", "Tomcat": "jks"}


def store(folder: str, tmp_path: Path, given_out: bundles.Delivery) -> Path:
    """Write the key store of a folder of the whole zip to a file."""
    kind = STORES[folder]
    found = members(bundles.whole_zip(given_out))
    file = tmp_path / f"store.{kind}"
    file.write_bytes(found[f"{folder}/{bundles.file_stem(given_out)}.{kind}"])
    return file


def keytool(*words: str | Path, password: str) -> str:
    """Ask Java; the language is fixed."""
    variables = {PASSWORD: password, "JAVA_TOOL_OPTIONS": "-Duser.language=en"}
    return programs.run("keytool", *words, env=variables)


def key_in(pem: str) -> object:
    """Read the numbers of a private key that another program wrote."""
    block = pem[pem.index("-----BEGIN PRIVATE KEY") :].encode()
    return load_pem_private_key(block, None).private_numbers()  # type: ignore[union-attr]  # the key is RSA or ECC


def chain_of(given_out: bundles.Delivery) -> list[bytes]:
    """The certificates that belong into a key store."""
    return [given_out.leaf, *given_out.chain]


def certificates_in(text: str) -> list[bytes]:
    """Read the certificates among what a program printed."""
    return [chains.der(one) for one in x509.load_pem_x509_certificates(text.encode())]


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("domain", DOMAINS)
def test_openssl_opens_a_pfx_file_and_finds_key_chain_and_name(
    domain: str, kind: KeyKind, tmp_path: Path
) -> None:
    """The name is the domain in ASCII, with the `*` of a wildcard, as IIS wants it."""
    given_out = delivery(domain, kind)
    file = store("IIS", tmp_path, given_out)
    words = ("pkcs12", "-in", file, "-nodes", "-info", "-passin", f"env:{PASSWORD}")
    printed = programs.run("openssl", *words, env={PASSWORD: MADE_PASS})
    assert key_in(printed) == chains.key_of(kind).private_numbers()
    assert certificates_in(printed) == chain_of(given_out)
    assert f"friendlyName: {given_out.domain}\n" in printed
    assert "MAC: sha256, Iteration 2048" in printed
    assert printed.count("PBES2, PBKDF2, AES-256-CBC, Iteration 20000, PRF hmacWithSHA256") == 2


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("password", PASSWORDS)
def test_openssl_opens_a_pfx_file_with_whatever_the_customer_chose(
    password: str, tmp_path: Path
) -> None:
    """And with nothing else."""
    file = store("IIS", tmp_path, delivery(key_pass=password))
    words = ("pkcs12", "-in", file, "-noout", "-passin", f"env:{PASSWORD}")
    programs.run("openssl", *words, env={PASSWORD: password})
    with pytest.raises(AssertionError, match="invalid password"):
        programs.run("openssl", *words, env={PASSWORD: password + "x"})


@pytest.mark.needs("certutil")
@pytest.mark.needs("pk12util")
@pytest.mark.parametrize("kind", KeyKind)
def test_nss_imports_a_pfx_file_as_a_certificate_with_its_key(
    kind: KeyKind, tmp_path: Path
) -> None:
    """`u` is a certificate whose private key is there."""
    given_out = delivery("*.example.com", kind, key_pass="with \"both\" 'quotes' and \\")
    file, password, database = store("IIS", tmp_path, given_out), tmp_path / "pw", tmp_path / "db"
    password.write_text("with \"both\" 'quotes' and \\")
    database.mkdir()
    programs.run("certutil", "-N", "-d", f"sql:{database}", "--empty-password")
    programs.run("pk12util", "-i", file, "-d", f"sql:{database}", "-w", password, "-K", "")
    listed = programs.run("certutil", "-L", "-d", f"sql:{database}")
    assert [line.split()[-1] for line in listed.splitlines() if "*.example.com" in line] == [
        "u,u,u"
    ]


@pytest.mark.needs("keytool")
@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("folder", STORES)
def test_java_lists_the_chain_of_a_key_store(kind: KeyKind, folder: str, tmp_path: Path) -> None:
    """One entry with a private key, the leaf first."""
    given_out = delivery("*.example.com", kind)
    file = store(folder, tmp_path, given_out)
    words = ("-list", "-rfc", "-keystore", file, "-storepass:env", PASSWORD)
    printed = keytool(*words, password=MADE_PASS)
    assert "Your keystore contains 1 entry" in printed
    assert "Entry type: PrivateKeyEntry" in printed
    assert "Alias name: *.example.com" in printed
    assert certificates_in(printed) == chain_of(given_out)
    if folder == "Tomcat":
        assert "Keystore type: JKS" in printed
        assert "Creation date: Mar 4, 2026" in printed


@pytest.mark.needs("keytool")
@pytest.mark.needs("openssl")
@pytest.mark.parametrize(
    ("kind", "password"),
    [*((kind, "secret") for kind in KeyKind), *((KeyKind.P_256, one) for one in PASSWORDS)],
)
def test_java_gives_the_key_out_of_a_jks_file_with_its_password(
    kind: KeyKind, password: str, tmp_path: Path
) -> None:
    """Moved by Java into a PKCS#12 store, OpenSSL finds the same key in it."""
    file = store("Tomcat", tmp_path, delivery(kind=kind, key_pass=password))
    moved = tmp_path / "moved.p12"
    source = ("-srckeystore", file, "-srcstoretype", "JKS", "-srcstorepass:env", PASSWORD)
    target = ("-destkeystore", moved, "-deststoretype", "PKCS12", "-deststorepass", "another")
    keytool("-importkeystore", *source, *target, "-noprompt", password=password)
    words = ("pkcs12", "-in", moved, "-nodes", "-passin", "pass:another")
    printed = programs.run("openssl", *words)
    assert key_in(printed) == chains.key_of(kind).private_numbers()


@pytest.mark.needs("keytool")
@pytest.mark.parametrize("folder", STORES)
def test_java_refuses_another_password_and_a_changed_store(folder: str, tmp_path: Path) -> None:
    """The whole file is guarded by the password."""
    file = store(folder, tmp_path, delivery())
    words = ("-list", "-keystore", file, "-storepass:env", PASSWORD)
    with pytest.raises(AssertionError, match="password was incorrect"):
        keytool(*words, password="another")
    data = bytearray(file.read_bytes())
    data[-500] ^= 1
    file.write_bytes(data)
    with pytest.raises(AssertionError, match="keytool error"):
        keytool(*words, password=MADE_PASS)


# --- the JKS writer over all of its inputs, read by the rules of the format --------------------


def read_jks(data: bytes, password: str) -> tuple[str, int, bytes, list[bytes]]:
    """Read alias, milliseconds, PKCS#8 key and chain of a store with one key, checking all."""
    body, digest = data[:-20], data[-20:]
    wide = password.encode("utf-16-be")
    assert hashlib.sha1(wide + b"Mighty Aphrodite" + body).digest() == digest  # noqa: S324 -- JKS is defined with SHA-1
    assert body[:16] == bytes.fromhex("feedfeed 00000002 00000001 00000001")
    at = 16

    def take(form: str) -> bytes:
        nonlocal at
        (size,) = struct.unpack_from(form, body, at)
        start = at + struct.calcsize(form)
        at = start + size
        return body[start:at]

    alias = take(">H").decode()
    (moment,) = struct.unpack_from(">q", body, at)
    at += 8
    protected = take(">I")
    (count,) = struct.unpack_from(">I", body, at)
    at += 4
    chain = []
    for _ in range(count):
        assert take(">H") == b"X.509"
        chain.append(take(">I"))
    assert at == len(body)
    # SEQUENCE of the algorithm, 16 bytes, and an OCTET STRING up to the end.
    hidden = protected[protected.index(bytes.fromhex("2a021101010500")) + 7 :]
    hidden = hidden[2 + (hidden[1] & 0x7F if hidden[1] & 0x80 else 0) :]
    salt, covered, check = hidden[:20], hidden[20:-20], hidden[-20:]
    plain, link = b"", salt
    for start in range(0, len(covered), 20):
        link = hashlib.sha1(wide + link).digest()  # noqa: S324 -- JKS is defined with SHA-1
        part = covered[start : start + 20]
        plain += bytes(a ^ b for a, b in zip(part, link, strict=False))
    assert hashlib.sha1(wide + plain).digest() == check  # noqa: S324 -- JKS is defined with SHA-1
    return alias, moment, plain, chain


# Its key stream is reckoned byte by byte here, so an example takes a tenth of a second.
@settings(max_examples=20)
@given(
    alias=st.text("abcxyz019*._-", min_size=1, max_size=64),
    password=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=32),
    kind=st.sampled_from(list(KeyKind)),
    chain=st.lists(st.binary(max_size=400), min_size=1, max_size=4),
    made_at=st.datetimes(datetime(1980, 1, 1), datetime(2107, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- hypothesis takes bounds without a zone
)
def test_a_jks_file_gives_back_all_that_was_written(
    alias: str, password: str, kind: KeyKind, chain: list[bytes], made_at: datetime
) -> None:
    """Whatever alias, password, key, chain and time."""
    key = chains.key_of(kind)
    data = jks.write(alias, key, chain, Secret(password), made_at)
    seconds = int(made_at.timestamp())
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert read_jks(data, password) == (alias, seconds * 1000, plain, chain)
    loaded = load_der_private_key(plain, None)
    assert loaded.public_key() == key.public_key()


def test_a_certificate_of_more_than_64_kib_is_written_whole() -> None:
    """Lengths have four bytes."""
    key, long = chains.key_of(KeyKind.P_256), bytes(70_000)
    assert read_jks(jks.write("a", key, (long,), Secret("p"), MADE_AT), "p")[3] == [long]


def test_a_key_is_hidden_differently_each_time() -> None:
    """The same stream of digests over two keys would give both away."""
    key = chains.key_of(KeyKind.P_256)
    one, other = (jks.write("a", key, (b"x",), Secret("p"), MADE_AT) for _ in range(2))
    assert one != other
