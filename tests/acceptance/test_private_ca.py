"""The private CA of a running desk: what it publishes, what the operator gets, and a sandbox's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509

from tests.acceptance.processes import NO_RSA_STOCK, begun, certdesk, serving
from tests.programs import run
from tests.running import RunningDesk, running

SETTINGS = f'ca.organisation = "Example Trust"\nca.country = "GB"\n{NO_RSA_STOCK}'
LINES = ["rsa-root", "ecc-root", "rsa-issuing", "ecc-issuing"]
SECONDS = 30

openssl = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk that the module shares."""
    with running(tmp_path_factory.mktemp("ca") / "data", settings=SETTINGS) as desk:
        yield desk


@pytest.fixture(scope="module")
def authorities(desk: RunningDesk) -> list[dict[str, Any]]:
    """What the operator is shown."""
    return listed("--data", str(desk.folder))


def listed(*options: str) -> list[dict[str, Any]]:
    """Ask for the authorities as JSON."""
    shown = json.loads(ran("ca", "show", "--json", *options))
    assert isinstance(shown, list)
    return shown


def ran(*words: str) -> str:
    """Run a command that succeeds; give what it printed."""
    done = certdesk(*words)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def fetched(url: str) -> requests.Response:
    """Fetch an address that answers."""
    answer = requests.get(url, timeout=SECONDS)
    assert answer.status_code == 200, url
    return answer


def test_the_operator_is_shown_both_lines(authorities: list[dict[str, Any]]) -> None:
    """They are made when somebody first asks, and bear the names of the settings."""
    assert [each["Name"] for each in authorities] == LINES
    assert [each["Key"] for each in authorities] == [
        "RSA 4096",
        "ECC secp384r1",
        "RSA 3072",
        "ECC prime256v1",
    ]
    for each in authorities:
        assert each["Subject"].endswith(",O=Example Trust,C=GB")


def test_the_operator_can_read_them(desk: RunningDesk, authorities: list[dict[str, Any]]) -> None:
    """Without --json they are lines of text with the same fingerprints and addresses."""
    text = ran("ca", "show", "--data", str(desk.folder))

    for each in authorities:
        assert f"{each['Name']}: {each['Kind']}, {each['Key']}\n" in text
        for member in ("Subject", "Sha256", "CertificateUrl", "CrlUrl"):
            assert each[member] in text


def test_certificates_and_crls_are_where_they_are_said_to_be(
    authorities: list[dict[str, Any]],
) -> None:
    """At the addresses that the operator sees and certificates name; in DER, and in PEM beside."""
    for each in authorities:
        answer = fetched(each["CertificateUrl"])
        assert answer.headers["Content-Type"] == "application/pkix-cert"
        certificate = x509.load_der_x509_certificate(answer.content)
        assert certificate == x509.load_pem_x509_certificate(each["Certificate"].encode())
        assert fetched(each["CertificateUrl"][:-3] + "pem").text == each["Certificate"]
        answer = fetched(each["CrlUrl"])
        assert answer.headers["Content-Type"] == "application/pkix-crl"
        assert "max-age" in answer.headers["Cache-Control"]
        assert x509.load_der_x509_crl(answer.content).is_signature_valid(certificate.public_key())  # type: ignore[arg-type]  # RSA or ECC


@openssl
def test_an_issuing_ca_leads_by_its_addresses_to_the_root_and_a_crl(
    authorities: list[dict[str, Any]], tmp_path: Path
) -> None:
    """OpenSSL follows the very addresses in the certificate, and accepts root and list."""
    issuing = tmp_path / "issuing.pem"
    issuing.write_text(authorities[3]["Certificate"])
    told = run("openssl", "x509", "-in", issuing, "-noout", "-text")
    (root_url,) = [line.partition("URI:")[2] for line in told.split("\n") if "CA Issuers" in line]
    crl_url = told.partition("Full Name:")[2].partition("URI:")[2].split()[0]
    root, crl = tmp_path / "root.pem", tmp_path / "root.crl"
    for kind, url, file in (("x509", root_url, root), ("crl", crl_url, crl)):
        der = file.with_suffix(".der")
        der.write_bytes(fetched(url).content)
        run("openssl", kind, "-inform", "DER", "-in", der, "-out", file)

    assert "verify OK" in run("openssl", "crl", "-in", crl, "-noout", "-CAfile", root)
    checks: list[str | Path] = ["-x509_strict", "-crl_check", "-CRLfile", crl, "-CAfile", root]
    assert "OK" in run("openssl", "verify", *checks, issuing)


@pytest.mark.parametrize(
    "path", ["rsa-root", "rsa-root.key", "nobody.crt", "nobody.crl", "..%2Fkek.json", "", "a/b.crt"]
)
def test_nothing_else_is_published(desk: RunningDesk, path: str) -> None:
    """Neither another file nor another authority; asking for one does not make it."""
    assert requests.get(f"{desk.url}/pki/{path}", timeout=SECONDS).status_code == 404


def test_a_crl_is_not_made_for_whoever_asks(desk: RunningDesk) -> None:
    """An authority that does not exist yet is not made by a stranger's request."""
    answer = requests.get(f"{desk.url}/pki/older-root.crl", timeout=SECONDS)

    assert answer.status_code == 404
    assert [each["Name"] for each in listed("--data", str(desk.folder))] == LINES


def test_the_published_files_are_for_reading_alone(authorities: list[dict[str, Any]]) -> None:
    """HEAD answers like GET without a body; everything else is refused."""
    url = authorities[0]["CertificateUrl"]
    head = requests.head(url, timeout=SECONDS)

    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(fetched(url).content)
    for method in ("POST", "PUT", "DELETE"):
        assert requests.request(method, url, timeout=SECONDS).status_code == 405


def test_the_roots_are_exported_for_whoever_shall_trust_them(
    desk: RunningDesk, authorities: list[dict[str, Any]]
) -> None:
    """Without a name both roots, in PEM."""
    exported = ran("ca", "export", "--data", str(desk.folder))

    assert exported == authorities[0]["Certificate"] + authorities[1]["Certificate"]


def test_a_chain_is_exported_up_to_the_root(
    desk: RunningDesk, authorities: list[dict[str, Any]]
) -> None:
    """With --chain what is above a certificate follows it."""
    options = ["--data", str(desk.folder)]
    issuing, root = authorities[3]["Certificate"], authorities[1]["Certificate"]

    assert ran("ca", "export", "ecc-issuing", *options) == issuing
    assert ran("ca", "export", "ecc-issuing", "--chain", *options) == issuing + root


@openssl
def test_a_certificate_is_exported_in_der(
    desk: RunningDesk, authorities: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Byte for byte, as OpenSSL reads it."""
    file = tmp_path / "root.der"
    with (
        file.open("wb") as out,
        begun(2, "ca", "export", "rsa-root", "--der", "--data", str(desk.folder)) as process,
    ):
        assert process.stdout is not None
        out.write(process.stdout.buffer.read())  # type: ignore[attr-defined]  # text over bytes
    told = run(
        "openssl", "x509", "-inform", "DER", "-in", file, "-noout", "-fingerprint", "-sha256"
    )

    assert told.partition("=")[2].strip().replace(":", "").lower() == authorities[0]["Sha256"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["nobody"], 1, "there is no authority nobody; the authorities are rsa-root"),
        (["--der"], 2, "--der prints one certificate"),
        (["rsa-issuing", "--der", "--chain"], 2, "--der prints one certificate"),
    ],
)
def test_an_export_that_cannot_be_is_refused(
    desk: RunningDesk, words: list[str], code: int, told: str
) -> None:
    """With the reason on stderr, and nothing on stdout."""
    done = certdesk("ca", "export", *words, "--data", str(desk.folder))

    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr


def test_the_ca_is_the_same_with_and_without_a_server(tmp_path: Path) -> None:
    """What a command has made, a desk that starts later publishes."""
    data = str(tmp_path / "data")
    alone = listed("--data", data)
    words = ["serve", "--data", data, "--listen", "127.0.0.1:0"]
    with serving(tmp_path / "log", *words) as served:
        published = fetched(f"{served.url}/pki/ecc-root.pem").text

    assert published == alone[1]["Certificate"]


def test_addresses_in_certificates_are_those_of_the_setting(tmp_path: Path) -> None:
    """Whoever is behind a proxy says how the world reaches the desk."""
    config = tmp_path / "desk.toml"
    config.write_text('ca.base_url = "http://pki.example.com/desk/"\n')

    shown = listed("--data", str(tmp_path / "data"), "--config", str(config))

    assert shown[1]["CrlUrl"] == "http://pki.example.com/desk/pki/ecc-root.crl"
    issuing = x509.load_pem_x509_certificate(shown[3]["Certificate"].encode())
    access = issuing.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [each.access_location.value for each in access] == [
        "http://pki.example.com/desk/pki/ecc-root.crt"
    ]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ('ca.organisation = ""', "ca.organisation: is missing"),
        (f'ca.organisation = "{"x" * 41}"', "ca.organisation: takes at most 40 characters"),
        ('ca.country = "England"', "ca.country: England is not a code of ISO 3166-1"),
        ('ca.country = "ZZ"', "ca.country: ZZ is not a code of ISO 3166-1"),
        ("ca.validity_days = -1", "ca.validity_days: must be 0 or more"),
    ],
)
def test_a_ca_that_cannot_be_named_so_is_not_begun(tmp_path: Path, setting: str, told: str) -> None:
    """The desk does not open, and says which setting is wrong."""
    config = tmp_path / "desk.toml"
    config.write_text(setting + "\n")

    done = certdesk("ca", "show", "--data", str(tmp_path / "data"), "--config", str(config))

    assert done.returncode == 3
    assert told in done.stderr


def test_a_sandbox_has_a_ca_that_says_so(tmp_path: Path) -> None:
    """Whatever the settings say, and also when a command makes it."""
    data, config = str(tmp_path / "data"), tmp_path / "desk.toml"
    config.write_text(SETTINGS)
    options = ["--data", data, "--config", str(config)]
    with serving(tmp_path / "log", "sandbox", *options, "--listen", "127.0.0.1:0"):
        pass

    for each in listed(*options):
        assert "CN=certdesk sandbox " in each["Subject"]
        assert each["Subject"].endswith(",O=certdesk sandbox,C=XX")


def test_a_sandbox_does_not_open_a_desk_s_data_nor_a_desk_a_sandbox_s(tmp_path: Path) -> None:
    """They share no folder, no key and no CA."""
    desk, sandbox = str(tmp_path / "desk"), str(tmp_path / "sandbox")
    ran("account", "add", "first", "--data", desk)
    with serving(tmp_path / "log", "sandbox", "--data", sandbox, "--listen", "127.0.0.1:0"):
        pass

    refused = certdesk("sandbox", "--data", desk, "--listen", "127.0.0.1:0")
    assert refused.returncode == 3
    assert f"{desk} belongs to a desk; a sandbox needs its own data" in refused.stderr
    refused = certdesk("serve", "--data", sandbox, "--listen", "127.0.0.1:0")
    assert refused.returncode == 3
    assert f"{sandbox} belongs to a sandbox; a desk needs its own data" in refused.stderr
