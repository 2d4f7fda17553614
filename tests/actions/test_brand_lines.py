"""What is certified for every product that can be bought, in the eyes of other programs.

OpenSSL, pkilint and NSS (certutil) read certificates that the private CA issued for whole orders.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.keys import PrivateKey
from certdesk.domain.values.products import PRODUCTS, Level, Product, Scope
from tests.actions.submitting import COMPANY, IDENTITY, PERSONAL, csr_for
from tests.inside import NOON, InsideDesk
from tests.linting import leaf_errors
from tests.programs import run
from tests.rules import rules_with

SOLD = [product for product in PRODUCTS.values() if product.buyable and not product.sm2]
POLICIES = {Level.DV: "2.23.140.1.2.1", Level.OV: "2.23.140.1.2.2", Level.EV: "2.23.140.1.1"}
ORGANISATION = "C=CN,ST=Beijing,L=Beijing,O=Example Trading Ltd,"
REGISTERED = "businessCategory=Private Organization,jurisdictionC=CN,serialNumber=A-1,"
BEFORE = {Level.DV: "", Level.OV: ORGANISATION, Level.EV: REGISTERED + ORGANISATION}
SAMPLES = {
    Scope.SINGLE: ["www.example.com"],
    Scope.MULTI: ["www.example.com", "www.example.net"],
    Scope.WILDCARD: ["*.example.com"],
    Scope.MULTI_WILDCARD: ["*.example.com", "www.example.net"],
}
RSA: PrivateKey = rsa.generate_private_key(65537, 2048)
ECC: PrivateKey = ec.generate_private_key(ec.SECP256R1())


@dataclasses.dataclass(frozen=True)
class Line:
    """A key, the authority above its certificate, and the root, by words of their names."""

    key: PrivateKey
    cross: bool
    issuer: str
    root: str


LINES = {
    "RSA": Line(RSA, cross=False, issuer="RSA Issuing CA", root="RSA Root CA"),
    "ECC": Line(ECC, cross=False, issuer="ECC 256 Issuing CA", root="ECC Root CA"),
    "RSA, cross-signed": Line(RSA, cross=True, issuer="RSA Issuing CA", root="Older Root CA"),
    "ECC, cross-signed": Line(ECC, cross=True, issuer="ECC 256 Issuing CA", root="Older Root CA"),
}
SAMPLE = {(product.level, product.scope): product for product in reversed(SOLD)}
"""The first product of each level for each kind of names."""
CASES = [(product, name) for product in SAMPLE.values() for name in LINES]


class Desk(InsideDesk):
    """A desk that vets nobody, and whose private CA is the real one."""

    def __init__(self, folder: Path) -> None:
        """Open an account, whose names are all proved."""
        rules = rules_with(vetting_automatic=True, letter_products=frozenset(), checks_per_domain=0)
        super().__init__(folder, rules=rules, private_ca=True)
        self.caller = self.account()
        for validator in self.validators.values():
            for base in ("example.com", "www.example.com", "www.example.net"):
                validator.verdicts[base] = Verdict.PROVED

    def issued(self, product: Product, line: Line) -> dict[str, Any]:
        """Order a product for a key until it is issued; give its detail."""
        names = SAMPLES[product.scope]
        bought = self.buy(self.caller, product.number, len(names))
        material = PERSONAL if product.level is Level.DV else PERSONAL | COMPANY | IDENTITY
        own: dict[str, object] = {
            "CertCommonName": names[0],
            "DnsNames": names[1:] or None,
            "GenCsrType": "parse",
            "Csr": csr_for(line.key, names[0]),
            "UseCrossSignRoot": line.cross,
        }
        given = {name: value for name, value in (material | own).items() if value is not None}
        self.call(self.caller, "CertificateInfoSubmit", CertId=bought, **given)
        self.call(self.caller, "CertificateOrderSubmit", CertId=bought)
        self.take_on(bought)
        detail = self.call(self.caller, "DescribeCertificateDetail", CertificateId=bought)
        assert detail["Status"] == 1, detail["StatusMsg"]
        return detail


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk with one CA, which has four lines of authorities in the end."""
    with Desk(tmp_path_factory.mktemp("lines")) as opened:
        yield opened


class Files:
    """A certificate, what is between it and the root, and the root, as files in PEM."""

    def __init__(self, folder: Path, detail: dict[str, Any]) -> None:
        """Write what a detail shows."""
        shown = x509.load_pem_x509_certificates(detail["CertificatePublicKey"].encode())
        self.parsed, *self.chain = shown
        self.leaf, self.above, self.root = (
            folder / name for name in ("leaf.pem", "chain.pem", "root.pem")
        )
        self.leaf.write_bytes(self.parsed.public_bytes(Encoding.PEM))
        self.above.write_bytes(b"".join(part.public_bytes(Encoding.PEM) for part in self.chain))
        self.root.write_text(detail["RootCert"]["Standard"])


@pytest.mark.needs("openssl")
@pytest.mark.needs("certutil")
@pytest.mark.parametrize(
    ("product", "name"),
    CASES,
    ids=[f"{product.number} {product.name}, {name}" for product, name in CASES],
)
def test_a_product_is_certified_as_its_level_says(
    desk: Desk, tmp_path: Path, product: Product, name: str
) -> None:
    """The subject without a unit, the one policy, the chain to its root, and no rule broken."""
    line = LINES[name]
    files = Files(tmp_path, desk.issued(product, line))

    told = read_by_openssl(files.leaf)
    assert f"subject={BEFORE[product.level]}CN={SAMPLES[product.scope][0]}\n" in told
    assert told.count("Policy: ") == 1
    assert f"Policy: {POLICIES[product.level]}\n" in told
    assert line.issuer in told
    assert line.root in read_by_openssl(files.root)
    assert "OU=" not in told + read_by_openssl(files.root)
    assert len(files.chain) == (2 if line.cross else 1)
    assert verified_by_openssl(files)
    assert leaf_errors(files.parsed.public_bytes(Encoding.DER), product.level.value) == []
    assert verified_by_nss(files, tmp_path) == "certutil: certificate is valid\n"


@pytest.mark.parametrize(
    ("number", "product"), list(enumerate(SOLD)), ids=[f"{one.number} {one.name}" for one in SOLD]
)
def test_products_of_one_level_for_the_same_names_are_certified_alike(
    desk: Desk, tmp_path: Path, number: int, product: Product
) -> None:
    """All but the serial number is that of the product which other programs read."""
    line = list(LINES.values())[number % len(LINES)]
    sample = SAMPLE[product.level, product.scope]
    one, other = (Files(tmp_path, desk.issued(each, line)) for each in (product, sample))
    assert content(one) == content(other)


def content(files: Files) -> list[object]:
    """Return what a certificate and its chain say, without the serial number."""
    leaf = files.parsed
    period = (leaf.not_valid_before_utc, leaf.not_valid_after_utc)
    extensions = [(extension.critical, extension.value) for extension in leaf.extensions]
    return [leaf.subject, leaf.issuer, period, leaf.public_key(), extensions, files.chain]


def read_by_openssl(file: Path) -> str:
    """Have OpenSSL print subject, issuer and policies."""
    words = ["-noout", "-subject", "-issuer", "-nameopt", "sep_comma_plus"]
    return run("openssl", "x509", "-in", file, *words, "-ext", "certificatePolicies")


def verified_by_openssl(files: Files) -> bool:
    """Have OpenSSL follow the chain strictly, for a server of any of the names."""
    words = ["verify", "-x509_strict", "-purpose", "sslserver"]
    words += ["-attime", str(int(NOON.timestamp())), "-verify_hostname", "www.example.com"]
    words += ["-CAfile", str(files.root), "-untrusted", str(files.above), str(files.leaf)]
    return f"{files.leaf}: OK" in run("openssl", *words)


def verified_by_nss(files: Files, folder: Path) -> str:
    """Have NSS, which browsers use, follow it for a server; give what it says."""
    database = f"sql:{folder}"
    run("certutil", "-N", "-d", database, "--empty-password")
    run("certutil", "-A", "-d", database, "-n", "root", "-t", "C,,", "-i", files.root)
    for number, part in enumerate(files.chain):
        file = folder / f"above-{number}.der"
        file.write_bytes(part.public_bytes(Encoding.DER))
        run("certutil", "-A", "-d", database, "-n", file.name, "-t", ",,", "-i", file)
    at = f"{NOON:%y%m%d%H%M%SZ}"
    run("certutil", "-A", "-d", database, "-n", "leaf", "-t", ",,", "-i", files.leaf)
    return run("certutil", "-V", "-d", database, "-n", "leaf", "-u", "V", "-e", "-b", at)


def test_every_line_of_the_price_list_is_there() -> None:
    """By the numbers of CreateCertificate in both editions, without SM2 (33 to 41, 51 to 56)."""
    numbers = {*range(3, 33), *range(42, 51), *range(57, 62), 75, 76, 77, 81, 82, 85, 88, 89, 90}
    numbers |= {*range(92, 106)}
    assert {product.number for product in SOLD} == numbers
