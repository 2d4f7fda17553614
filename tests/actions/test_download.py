"""DownloadCertificate: the zip with the files for every server."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certdesk.domain.values.keys import KeyKind, private_key_pem
from tests import chains, programs
from tests.actions.downloading import KEY_PASS, Place, download, link
from tests.actions.submitting import refusal

NOT_FOUND = ("FailedOperation.CertificateNotFound", "The certificate does not exist.")


def same_key(certificate: bytes, private_key: bytes) -> bool:
    """Whether a PEM key is that of the first certificate of a PEM text."""
    public_key = x509.load_pem_x509_certificates(certificate)[0].public_key()
    return load_pem_private_key(private_key, None).public_key() == public_key


@pytest.mark.needs("unzip")
def test_a_zip_for_every_server_is_handed_over(place: Place, tmp_path: Path) -> None:
    """Another program finds nothing wrong with it, and the key is the certificate's."""
    reply = place.client.call("DownloadCertificate", CertificateId=place.online)
    zipped = tmp_path / "all.zip"
    zipped.write_bytes(base64.b64decode(reply["Content"]))
    assert "No errors detected" in programs.run("unzip", "-t", zipped)
    files = download(place.client, place.online)
    assert list(files) == [
        "www.example.com.csr",
        "Nginx/1_www.example.com_bundle.crt",
        "Nginx/2_www.example.com.key",
        "Apache/1_root_bundle.crt",
        "Apache/2_www.example.com.crt",
        "Apache/3_www.example.com.key",
        "IIS/www.example.com.pfx",
        "IIS/keystorePass.txt",
        "Tomcat/www.example.com.jks",
        "Tomcat/keystorePass.txt",
    ]
    bundle, key = files["Nginx/1_www.example.com_bundle.crt"], files["Nginx/2_www.example.com.key"]
    assert same_key(bundle, key)
    assert key.decode() == place.client.detail(place.online)["CertificatePrivateKey"]


@pytest.mark.needs("openssl")
def test_a_key_store_opens_with_the_password_beside_it(place: Place, tmp_path: Path) -> None:
    """It is the desk's own, and the same at every download."""
    files = download(place.client, place.online)
    assert (
        download(place.client, place.online)["IIS/keystorePass.txt"]
        == (files["IIS/keystorePass.txt"])
    )
    assert opened(tmp_path, files["IIS/www.example.com.pfx"], files["IIS/keystorePass.txt"])


@pytest.mark.needs("openssl")
def test_a_key_store_opens_with_the_customers_own_pass_phrase(place: Place, tmp_path: Path) -> None:
    """Which is written nowhere in the zip."""
    files = download(place.client, place.passed)
    assert not any("keystorePass" in name for name in files)
    assert opened(tmp_path, files["IIS/example.com.pfx"], KEY_PASS.encode())


def opened(folder: Path, pfx: bytes, password: bytes) -> bool:
    """Open a PFX file by another program, and find its private key."""
    (folder / "server.pfx").write_bytes(pfx)
    words = (
        "pkcs12",
        "-in",
        folder / "server.pfx",
        "-passin",
        f"env:{programs.PASSWORD}",
        "-nodes",
    )
    shown = programs.run("openssl", *words, env={programs.PASSWORD: password.decode()})
    return "PRIVATE KEY" in shown


def test_who_wrote_the_csr_has_the_key_and_gets_none(place: Place) -> None:
    """Nor the CSR back."""
    assert list(download(place.client, place.parsed)) == [
        "Nginx/1_tencent.com_bundle.crt",
        "Apache/1_root_bundle.crt",
        "Apache/2_tencent.com.crt",
    ]


def test_what_was_uploaded_is_handed_over_with_its_key(place: Place) -> None:
    """As what was issued here, but without a CSR."""
    key = chains.key_of(KeyKind.P_256)
    text = chains.pem(chains.leaf(key, "Shop.Example.com"), chains.intermediate().certificate)
    reply = place.client.call(
        "UploadCertificate",
        CertificatePublicKey=text,
        CertificatePrivateKey=private_key_pem(key).decode(),
    )
    files = download(place.client, reply["CertificateId"])
    assert "shop.example.com.csr" not in files
    assert files["Nginx/1_shop.example.com_bundle.crt"].decode() == text
    assert files["Nginx/2_shop.example.com.key"] == private_key_pem(key)
    assert files["IIS/keystorePass.txt"]


def test_a_domain_named_like_a_device_makes_files_that_windows_opens(place: Place) -> None:
    """In the zip for every server, and in the link to the one for one."""
    key = chains.key_of(KeyKind.P_256)
    reply = place.client.call(
        "UploadCertificate",
        CertificatePublicKey=chains.pem(chains.leaf(key, "aux.example.com")),
        CertificatePrivateKey=private_key_pem(key).decode(),
    )
    files = download(place.client, reply["CertificateId"])
    assert "IIS/_aux.example.com.pfx" in files
    assert link(place.client, reply["CertificateId"], "iis")[1] == "_aux.example.com_iis.zip"


def test_what_is_not_issued_is_not_handed_over(place: Place) -> None:
    """Each action says so in its own code."""
    rule = "The order has status 5 (Pending submission)."
    assert refusal(lambda: download(place.client, place.bought)) == (
        "FailedOperation.InvalidCertificateStatusCode",
        f"The certificate status is incorrect. {rule}",
    )
    assert refusal(lambda: link(place.client, place.bought)) == (
        "FailedOperation.CertificateStatusNotAllowDownload",
        f"The certificate status does not allow downloading. {rule}",
    )


def test_another_accounts_certificate_does_not_exist(place: Place) -> None:
    """As one that there never was."""
    stranger = place.desk.client()
    for certificate_id in (place.online, "aaaaaaaa"):
        assert refusal(lambda id_=certificate_id: download(stranger, id_)) == NOT_FOUND  # type: ignore[misc]  # bound now
        assert refusal(lambda id_=certificate_id: link(stranger, id_)) == NOT_FOUND  # type: ignore[misc]  # bound now


def test_each_download_is_noted_with_who_had_it(place: Place) -> None:
    """And a refused one is not."""
    before = len(place.noted(place.passed))
    download(place.client, place.passed)
    download(place.allowed("ssl:DownloadCertificate", "ssl:ReadPrivateKey"), place.passed)
    refusal(lambda: download(place.allowed("ssl:Describe*"), place.passed))
    newest, older = place.noted(place.passed)[: -before or None]
    assert older["SubAccountUin"] == older["Uin"] == place.keys.uin
    assert newest["Uin"] == place.keys.uin != newest["SubAccountUin"]


def test_a_user_downloads_what_its_policies_allow(place: Place) -> None:
    """Certificate by certificate."""
    both = ("ssl:DownloadCertificate", "ssl:ReadPrivateKey")
    user = place.allowed(*both, certificates=[place.online])
    assert download(user, place.online)
    assert refusal(lambda: download(user, place.passed))[0] == "FailedOperation.AuthError"
