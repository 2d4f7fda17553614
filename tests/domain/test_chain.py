"""Certificates that were handed in: what is read of them, and what is refused and as what."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.pki import chain
from certdesk.domain.pki.chain import ChainFault, ChainRefused
from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.secret import Secret
from tests import chains, programs

KEY = chains.key_of(KeyKind.P_256)
LEAF = chains.leaf(KEY, "www.example.com", "example.com")
INTERMEDIATE = chains.intermediate().certificate
ROOT = chains.root().certificate


def refused(certificates: str, key: Secret | None = None) -> ChainRefused:
    """Read what must be refused, and give the refusal."""
    with pytest.raises(ChainRefused) as caught:
        chain.read(certificates, key)
    return caught.value


def made(
    *extensions: x509.ExtensionType,
    name: x509.Name = chains.named("www.example.com"),  # noqa: B008 -- names do not change
    ends: datetime = chains.ENDS,
) -> str:
    """Write a certificate of the intermediate CA with extensions of one's own."""
    signer = chains.intermediate()
    certificate = chains.certify(
        KEY.public_key(),
        name,
        issuer=signer.certificate.subject,
        signing_key=signer.key,
        extensions=extensions,
        ends=ends,
    )
    return chains.pem(certificate)


def alternative(*names: x509.GeneralName) -> x509.SubjectAlternativeName:
    """Write alternative names."""
    return x509.SubjectAlternativeName(names)


# --- what is read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issuers", "root"),
    [((), None), ((INTERMEDIATE,), None), ((INTERMEDIATE, ROOT), ROOT)],
    ids=["leaf", "with its issuer", "up to the root"],
)
def test_a_leaf_is_read_with_as_much_of_its_chain_as_there_is(
    issuers: tuple[x509.Certificate, ...], root: x509.Certificate | None
) -> None:
    """The root is kept apart: servers do not send it."""
    found = chain.read(chains.pem(LEAF, *issuers))
    assert found.leaf == chains.der(LEAF)
    assert found.chain == tuple(chains.der(one) for one in issuers if one is not ROOT)
    assert found.root == (chains.der(root) if root else None)
    assert not found.is_ca


def test_a_certificate_signed_by_itself_is_a_leaf_without_a_chain() -> None:
    """So are those of test servers, which openssl marks as a CA's."""
    found = chain.read(chains.pem(ROOT))
    assert (found.leaf, found.chain, found.root) == (chains.der(ROOT), (), None)
    assert found.is_ca


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("kind", KeyKind)
def test_a_certificate_is_described_as_openssl_describes_it(kind: KeyKind) -> None:
    """Fingerprints, serial number, times and public key."""
    text = chains.pem(chains.leaf(chains.key_of(kind), "www.example.com"))
    found = chain.read(text)
    words = ("-fingerprint", "-serial", "-dates", "-dateopt", "iso_8601", "-noout")

    def openssl(*more: str) -> str:
        return programs.run("openssl", "x509", *words, *more, text=text)

    def hexadecimal(printed: str, title: str) -> str:
        (line,) = (line for line in printed.splitlines() if line.lower().startswith(title))
        return line.partition("=")[2].replace(":", "").lower()

    assert found.sha1 == hexadecimal(openssl("-sha1"), "sha1 fingerprint")
    assert found.sha256 == hexadecimal(openssl("-sha256"), "sha256 fingerprint")
    assert int(found.serial, 16) == int(hexadecimal(openssl(), "serial"), 16)
    assert f"notBefore={found.begins_at:%Y-%m-%d %H:%M:%S}Z" in openssl()
    assert f"notAfter={found.ends_at:%Y-%m-%d %H:%M:%S}Z" in openssl()
    assert (found.begins_at.tzinfo, found.key) == (UTC, kind.label)
    assert found.spki_sha256 == keys.spki_sha256(chains.key_of(kind).public_key())


WRITTEN: dict[str, Callable[[str], str]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "blanks around": lambda text: f" \n\t{text}\n \r\n",
    "no line end": lambda text: text.rstrip("\n"),
    "empty lines between": lambda text: text.replace("-----\n-----", "-----\n\n \n-----"),
    "blanks after lines": lambda text: text.replace("\n", " \n"),
    "one line": lambda text: "".join(
        f"-----BEGIN CERTIFICATE-----\n{body.partition('-----END')[0].replace(chr(10), '')}\n"
        "-----END CERTIFICATE-----\n"
        for body in text.split("-----BEGIN CERTIFICATE-----\n")[1:]
    ),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_other_ways_to_write_pem_are_read_alike(how: str) -> None:
    """As editors and forms leave it."""
    text = chains.pem(LEAF, INTERMEDIATE)
    assert chain.read(WRITTEN[how](text)) == chain.read(text)


AROUND: dict[str, Callable[[str, str], str]] = {
    "before": lambda one, other: f"subject=/CN=x\n{one}{other}",
    "behind": lambda one, other: f"{one}{other}end",
    "between": lambda one, other: f"{one}# issuer\n{other}",
    "a byte order mark": lambda one, other: f"\ufeff{one}{other}",
    "an older label": lambda one, other: one.replace("CERT", "X509 CERT") + other,
    "another script": lambda one, other: f"证书\r\n{one}\u2028\n{other}",
}


@pytest.mark.parametrize("where", AROUND)
def test_text_around_certificates_is_passed_over(where: str) -> None:
    """RFC 7468, 2 and 5.2: it is for people."""
    one, other = chains.pem(LEAF), chains.pem(INTERMEDIATE)
    assert chain.read(AROUND[where](one, other)) == chain.read(one + other)


@pytest.mark.needs("openssl")
def test_certificates_are_read_as_openssl_gives_them_out(tmp_path: Path) -> None:
    """With the text of `x509 -text`, and with the bag attributes of `pkcs12`; the key as well."""
    key, out = keys.private_key_pem(KEY).decode(), tmp_path / "out.p12"
    both = tmp_path / "both.pem"
    both.write_text(chains.pem(LEAF, INTERMEDIATE) + key)
    words = ("-passout", "pass:x", "-out", out, "-name", "www")
    programs.run("openssl", "pkcs12", "-export", "-in", both, *words)
    opened = ("pkcs12", "-in", out, "-passin", "pass:x", "-nodes")
    bags = programs.run("openssl", *opened, "-nokeys")
    key_bags = programs.run("openssl", *opened, "-nocerts")
    text = programs.run("openssl", "x509", "-text", text=chains.pem(LEAF))
    assert bags.startswith("Bag Attributes")
    assert "friendlyName: www" in bags
    assert text.startswith("Certificate:")
    assert key_bags.startswith("Bag Attributes")

    plain = chain.read(chains.pem(LEAF, INTERMEDIATE), Secret(key))
    assert chain.read(bags, Secret(key_bags)) == plain
    assert chain.read(text + chains.pem(INTERMEDIATE), Secret(key)) == plain


def test_names_are_the_common_name_and_then_the_others_each_once() -> None:
    """DNS names and addresses; what no server has is passed over."""
    found = chain.read(
        made(
            alternative(
                x509.DNSName("WWW.example.com"),
                x509.DNSName("A.example.com"),
                x509.DNSName("a.example.com"),
                x509.RFC822Name("x@example.com"),
                x509.UniformResourceIdentifier("https://example.com"),
                x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
            )
        )
    )
    assert (found.domain, found.names) == ("www.example.com", ("a.example.com", "2001:db8::1"))


def test_without_a_common_name_the_first_other_name_stands_for_the_certificate() -> None:
    """Public CAs leave it out more and more."""
    found = chain.read(
        made(alternative(x509.DNSName("a.example"), x509.DNSName("b.example")), name=x509.Name([]))
    )
    assert (found.domain, found.names) == ("a.example", ("b.example",))
    assert chain.read(made(name=x509.Name([]))).domain == ""


# --- private key, kind of certificate ----------------------------------------------------------


@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_that_fits_is_given_back(kind: KeyKind) -> None:
    """As the object that signs."""
    key = chains.key_of(kind)
    text = chains.pem(chains.leaf(key, "www.example.com"))
    found = chain.for_server(chain.read(text, Secret(keys.private_key_pem(key))))
    assert found.private_key is not None
    assert found.private_key == keys.private_key_pem(key)


@pytest.mark.parametrize("kind", KeyKind)
def test_the_key_of_another_certificate_is_refused(kind: KeyKind) -> None:
    """Of the same kind or of another."""
    foreign = Secret(keys.private_key_pem(keys.generate(kind)))
    assert refused(chains.pem(LEAF), foreign).fault is ChainFault.FOREIGN_KEY
    issuer = Secret(keys.private_key_pem(chains.intermediate().key))
    assert refused(chains.pem(LEAF, INTERMEDIATE), issuer).fault is ChainFault.FOREIGN_KEY


def test_a_server_certificate_needs_its_key_and_a_cas_does_not() -> None:
    """SVR and CA."""
    leaf, ca = chain.read(chains.pem(LEAF)), chain.read(chains.pem(INTERMEDIATE, ROOT))
    with pytest.raises(ChainRefused) as caught:
        chain.for_server(leaf)
    assert caught.value.fault is ChainFault.NO_KEY
    assert chain.for_ca(ca) is ca
    with pytest.raises(ChainRefused) as caught:
        chain.for_ca(leaf)
    assert caught.value.fault is ChainFault.NOT_A_CA


def test_an_unreadable_key_is_no_key() -> None:
    """The rule is that of reading keys, and shows nothing of it."""
    assert refused(chains.pem(LEAF), Secret("hunter2")).fault is ChainFault.NO_KEY
    assert "hunter2" not in refused(chains.pem(LEAF), Secret("hunter2")).rule


# --- chains that do not hold -------------------------------------------------------------------


def impostor() -> chains.Signer:
    """A CA that calls itself the intermediate one and has another key."""
    return chains.ca("Test Intermediate", chains.root())


SERVER_AS_ISSUER = chains.leaf(
    chains.key_of(KeyKind.RSA_2048),
    "below.example.com",
    signer=chains.Signer(LEAF, KEY),
)
BROKEN = {
    "issuer first": (INTERMEDIATE, LEAF),
    "a gap": (LEAF, ROOT),
    "another CA of the same name": (LEAF, impostor().certificate),
    "another CA of the same name beside the right one": (
        LEAF,
        impostor().certificate,
        INTERMEDIATE,
    ),
    "a server as the issuer": (SERVER_AS_ISSUER, LEAF),
    "something after the root": (LEAF, INTERMEDIATE, ROOT, impostor().certificate),
    "another leaf": (LEAF, INTERMEDIATE, chains.leaf(KEY, "b.example")),
}


ARRANGED = {
    "the leaf twice": (LEAF, LEAF),
    "the leaf twice, before its issuer": (LEAF, LEAF, INTERMEDIATE, ROOT),
    "the leaf again at the end": (LEAF, INTERMEDIATE, ROOT, LEAF),
    "the root before the intermediate": (LEAF, ROOT, INTERMEDIATE),
    "everything twice": (LEAF, INTERMEDIATE, ROOT) * 2,
}


@pytest.mark.parametrize("what", ARRANGED)
def test_issuers_are_put_in_order_and_taken_once(what: str) -> None:
    """Only the leaf has to be first: servers are set up by whoever put the files together."""
    found = chain.read(chains.pem(*ARRANGED[what]))
    issuers = [one for one in (INTERMEDIATE, ROOT) if one in ARRANGED[what]]
    assert found.leaf == chains.der(LEAF)
    assert found.chain == tuple(chains.der(one) for one in issuers if one is not ROOT)
    assert found.root == (chains.der(ROOT) if ROOT in issuers else None)


def test_a_root_that_is_there_in_two_versions_stays_in_the_chain() -> None:
    """One is cross-signed by an older root: each issued the one before it."""
    root = chains.ca("New Root", None)
    old = chains.root()
    crossed = chains.certify(
        root.certificate.public_key(),
        root.certificate.subject,
        issuer=old.certificate.subject,
        signing_key=old.key,
        extensions=(x509.BasicConstraints(ca=True, path_length=None),),
    )
    leaf = chains.leaf(KEY, "a.example", signer=root)
    found = chain.read(chains.pem(leaf, old.certificate, crossed))
    assert (found.chain, found.root) == ((chains.der(crossed),), chains.der(old.certificate))


@pytest.mark.parametrize("what", BROKEN)
def test_a_chain_in_which_one_did_not_issue_the_other_is_refused(what: str) -> None:
    """By name, by signature, and by the right to issue."""
    assert refused(chains.pem(*BROKEN[what])).fault is ChainFault.BROKEN_CHAIN


def test_the_rule_says_which_certificate_breaks_the_chain() -> None:
    """Counted from 1, as people count."""
    rule = refused(chains.pem(LEAF, INTERMEDIATE, impostor().certificate)).rule
    assert rule == "certificate 3 did not issue certificate 2 (RFC 5280, 6.1.3)"
    rule = refused(chains.pem(SERVER_AS_ISSUER, LEAF)).rule
    assert rule == "certificate 2 is not a CA certificate (RFC 5280, 4.2.1.3 and 4.2.1.9)"


# --- texts and certificates that are refused ---------------------------------------------------

ONE = chains.pem(LEAF)
JUNK = {
    "nothing": "",
    "blanks": " \n ",
    "a word": "certificate",
    "text before on the same line": f"subject=/CN=x {ONE}",
    "text after on the same line": f"{ONE.rstrip()}end",
    "a NUL": f"\0\n{ONE}",
    "a block that does not end, before another": f"{ONE[:200]}\n{ONE}",
    "a trusted certificate": ONE.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
    "a request among them": ONE + ONE.replace("CERTIFICATE", "CERTIFICATE REQUEST"),
    "an empty block": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
    "half a block": ONE[:200],
    "base64 alone": base64.b64encode(chains.der(LEAF)).decode(),
    "broken base64": ONE.replace("M", "", 1),
    "another letter": ONE.replace("M", "é", 1),
    "no DER": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "a byte too many": ONE.replace(
        ONE.split("-----")[2], "\n" + base64.encodebytes(chains.der(LEAF) + b"\0").decode()
    ),
    "another label": ONE.replace("CERTIFICATE", "X509 CRL"),
    "a key": ONE + keys.private_key_pem(KEY).decode(),
    "more than the limit": ONE * 200,
    "more than 20": chains.pem(*[ROOT] * 21),
}


@pytest.mark.parametrize("what", JUNK)
def test_what_is_not_certificates_in_pem_and_nothing_else_is_unreadable(what: str) -> None:
    """Whoever made a mistake is told, rather than half understood."""
    assert refused(JUNK[what]).fault is ChainFault.UNREADABLE


def test_twenty_certificates_are_read() -> None:
    """More are not looked at, though they be one and the same."""
    assert chain.read(chains.pem(LEAF, *[ROOT, INTERMEDIATE] * 9, ROOT)).root == chains.der(ROOT)
    assert refused(chains.pem(*[ROOT] * 21)).rule == "takes at most 20 certificates"


@pytest.mark.needs("openssl")
def test_an_sm2_certificate_is_refused_as_such(tmp_path: Path) -> None:
    """It was put in where certificates of the other standard belong."""
    key = tmp_path / "key"
    programs.run("openssl", "ecparam", "-name", "SM2", "-genkey", "-noout", "-out", key)
    words = ("req", "-x509", "-key", key, "-sm3", "-subj", "/CN=www.example.com", "-days", "9")
    assert refused(programs.run("openssl", *words)).fault is ChainFault.SM2


def test_a_key_that_no_server_has_is_refused() -> None:
    """RSA and ECC are what the reply can name."""
    signer = chains.intermediate()
    certificate = chains.certify(
        ed25519.Ed25519PrivateKey.generate().public_key(),
        chains.named("x"),
        issuer=signer.certificate.subject,
        signing_key=signer.key,
    )
    assert refused(chains.pem(certificate)).fault is ChainFault.INVALID


@pytest.mark.parametrize("curve", [ec.SECP256K1(), ec.SECP521R1(), ec.BrainpoolP256R1()])
def test_a_certificate_of_another_curve_is_taken(curve: ec.EllipticCurve) -> None:
    """It was certified by somebody, and is only kept here."""
    key = ec.generate_private_key(curve)
    found = chain.read(chains.pem(chains.leaf(key, "x.example")), Secret(keys.private_key_pem(key)))
    assert found.key == f"ECC {curve.name}"


UNUSABLE = {
    "a control character": made(name=chains.named("a\x00b")),
    "a reading direction": made(name=chains.named("a\u202eb")),
    "a control character in another name": made(alternative(x509.DNSName("a\nb"))),
    "a name too long": made(alternative(x509.DNSName("a." * 150))),
    "too many names": made(alternative(*(x509.DNSName(f"n{n}.example") for n in range(1001)))),
    "no end": made(ends=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_what_cannot_be_shown_or_kept_is_refused(what: str) -> None:
    """Names go into lists, times into every time zone."""
    assert refused(UNUSABLE[what]).fault is ChainFault.INVALID


def test_a_certificate_may_have_ended() -> None:
    """The domain is handed no time here; whoever keeps it decides."""
    ended = datetime(2026, 1, 2, tzinfo=UTC)
    assert chain.read(made(ends=ended)).ends_at == ended


# --- whatever comes ----------------------------------------------------------------------------


def verdict(text: str, key: Secret | None = None) -> chain.UploadedChain | None:
    """Read a text; None where it is refused. Any other exception fails the test."""
    try:
        found = chain.read(text, key)
    except ChainRefused:
        return None
    for name in (found.domain, *found.names):
        name.encode()
    return found


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else may happen."""
    assert verdict(text) is None


@given(st.binary(min_size=1))
def test_any_bytes_in_a_block_are_read_or_refused(data: bytes) -> None:
    """Random bytes are no certificate."""
    body = base64.encodebytes(data).decode()
    assert verdict(f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n") is None


# The library warns of what it tolerates: lengths of names, odd serial numbers and parameters.
@pytest.mark.filterwarnings("ignore")
@given(
    st.sampled_from([LEAF, INTERMEDIATE]).map(chains.der),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 40),
)
def test_a_certificate_with_changed_bytes_is_read_or_refused(
    data: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    """Bytes exchanged, and some cut out of the middle."""
    changed = bytearray(data)
    for at, value in changes:
        changed[at % len(changed)] = value
    at = changes[0][0] % len(changed)
    del changed[at : at + max(0, cut - 30)]
    body = base64.encodebytes(changed).decode()
    text = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
    verdict(text)
    issued = verdict(text + chains.pem(INTERMEDIATE))
    assert issued is None or bytes(changed) == data


def test_a_name_of_many_parts_is_refused() -> None:
    """It would be read again by every reply that shows the certificate."""
    many = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "a")] * 80)
    fault = refused(made(name=many))
    assert (fault.fault, fault.rule) == (
        ChainFault.UNREADABLE,
        "certificate 1 has more than 300 elements",
    )
    few = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "a")] * 40)
    assert chain.read(made(name=few)).domain == ""
