"""From an order to its certificate: the second half of the demo."""

from __future__ import annotations

import base64
import datetime as dt
import io
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from rich import box
from rich.table import Table

from certdesk.demo.scene import Scene
from certdesk.demo.shown import Detail
from certdesk.demo.stage import StepFailed
from certdesk.demo.telling import Said, Waiting, asked, expect, expect_equal, told, typed

PROOFS = {"shop.example.com": "DNS", "files.example.com": "FILE"}
"""The names to get certificates for, and how each is to be validated."""

PRODUCT = 104
ISSUED = 1
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.5
MATERIAL = {
    "GenCsrType": "online",
    "CsrEncryptAlgo": "ECC",
    "CsrKeyParameter": "prime256v1",
    "CompanyType": 1,
    "CompanyId": "0",
    "ContactEmail": "webmaster@example.com",
}


def order(scene: Scene) -> Said:
    """Buy and submit an order for each name, and show what is to be published."""
    for name, way in PROOFS.items():
        wanted = {"ProductId": PRODUCT, "DomainNum": 1, "TimeSpan": 1}
        (bought,) = scene.call("CreateCertificate", wanted)["CertificateIds"]
        scene.wanted[name] = bought
        named = {"CertId": bought, "CertCommonName": name}
        scene.call("CertificateInfoSubmit", MATERIAL | named)
        submission = {"CertId": bought, "VerifyType": way}
        yield asked("CertificateOrderSubmit", submission, f"for {name}")
        scene.call("CertificateOrderSubmit", submission)
    yield told("What to publish (DescribeCertificateDetail):")
    for proof in proofs(scene):
        yield told(f"{proof['DvAuthVerifyType']} {place(proof)}")
        yield told(f"  {proof['DvAuthValue']}")


def proofs(scene: Scene) -> Iterator[Detail]:
    """Return what is to be published for each name."""
    for name, bought in scene.wanted.items():
        (proof,) = scene.detail(bought)["DvAuthDetail"]["DvAuths"]
        expect(
            proof["DvAuthVerifyType"] in {"TXT", "FILE"}, (f"{name} has another kind of challenge")
        )
        yield proof


def place(proof: Detail) -> str:
    """Return where a proof is to be published."""
    if proof["DvAuthVerifyType"] == "FILE":
        return f"{proof['DvAuthDomain']}{proof['DvAuthPath']}{proof['DvAuthKey']}"
    return str(proof["DvAuthKey"])


def publish(scene: Scene) -> Said:
    """Publish the proofs, and wait until both orders are issued."""
    for proof in proofs(scene):
        if proof["DvAuthVerifyType"] == "FILE":
            add_record(scene, f"{proof['DvAuthDomain']} A 127.0.0.1")
            page = scene.world.page(
                proof["DvAuthDomain"], f"{proof['DvAuthPath']}{proof['DvAuthKey']}"
            )
            page.parent.mkdir(parents=True)
            page.write_text(proof["DvAuthValue"])
        else:
            key, value = proof["DvAuthKey"], proof["DvAuthValue"]
            add_record(scene, f'{key} TXT "{value}"')
        yield told(f"Published: {place(proof)}")
    for name, bought in scene.wanted.items():
        yield Waiting(f"waiting: {name}")
        issued = wait_for(scene, bought)
        yield told(f"Issued: {name}, until {issued['CertEndTime'][:10]}.", "green")


def wait_for(scene: Scene, bought: str) -> Detail:
    """Check at intervals until an order is issued."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (detail := scene.detail(bought))["Status"] != ISSUED:
        expect(time.monotonic() < end, f"the order is still {detail['StatusName']}")
        time.sleep(POLL_SECONDS)
    return detail


def add_record(scene: Scene, line: str) -> None:
    """Add a record to those of the name server."""
    with scene.world.records.open("a") as records:
        records.write(line + "\n")


def download(scene: Scene) -> Said:
    """Download both certificates, and list what is in a zip."""
    for name, bought in scene.wanted.items():
        yield asked("DownloadCertificate", {"CertificateId": bought})
        reply = scene.call("DownloadCertificate", {"CertificateId": bought})
        scene.zips[name] = base64.b64decode(reply["Content"])
    name, content = next(iter(scene.zips.items()))
    yield told(f"{name}.zip, {len(content)} bytes:")
    yield listing(zipfile.ZipFile(io.BytesIO(content)))


def listing(archive: zipfile.ZipFile) -> Table:
    """List a zip, two files a line."""
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    names = sorted(archive.namelist())
    expect(archive.testzip() is None and "Nginx" in str(names), f"the zip holds {names}")
    half = (len(names) + 1) // 2
    for left, right in zip(names[:half], [*names[half:], ""], strict=False):
        table.add_row(left, right)
    return table


def verify(scene: Scene) -> Said:
    """Verify the downloads against the operator's root certificate."""
    yield typed("certdesk ca export ecc-root > root.pem")
    root = scene.desk.ask("ca", "export", "ecc-root")
    openssl = shutil.which("openssl")
    if openssl is None:
        yield told("There is no OpenSSL on this machine; Python's cryptography verifies instead.")
    for name, content in scene.zips.items():
        archive = zipfile.ZipFile(io.BytesIO(content))
        bundle = archive.read(f"Nginx/1_{name}_bundle.crt").decode()
        key = load_pem_private_key(archive.read(f"Nginx/2_{name}.key"), None)
        leaf, *chain = x509.load_pem_x509_certificates(bundle.encode())
        expect(
            leaf.public_key() == key.public_key(),
            ("the private key does not belong to the certificate"),
        )
        # The library checks the name in any case, since not every openssl can.
        check(name, leaf, chain, root)
        if openssl is None:
            yield told(f"{name}: OK", "green")
        else:
            yield typed(f"openssl verify -CAfile root.pem -untrusted {name}.pem {name}.pem")
            yield told(openssl_says(openssl, name, bundle, root), "green")


def check(name: str, leaf: x509.Certificate, chain: list[x509.Certificate], root: str) -> None:
    """Fail the step unless a certificate is valid now for a server called `name`."""
    builder = PolicyBuilder().store(Store([x509.load_pem_x509_certificate(root.encode())]))
    verifier = builder.time(dt.datetime.now(dt.UTC)).build_server_verifier(x509.DNSName(name))
    try:
        verifier.verify(leaf, chain)
    except VerificationError as error:
        raise StepFailed(f"{name}: {error}") from error


def openssl_says(openssl: str, name: str, bundle: str, root: str) -> str:
    """Have OpenSSL verify a chain; return what it says of it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "root.pem").write_text(root)
        Path(folder, f"{name}.pem").write_text(bundle)
        words = ["-CAfile", "root.pem", "-untrusted", f"{name}.pem", f"{name}.pem"]
        said = subprocess.run(  # noqa: S603 -- what the demo has just made
            [openssl, "verify", *words], cwd=folder, capture_output=True, text=True, check=False
        )
    expect_equal("the exit code of openssl", (said.returncode, said.stderr), (0, ""))
    return said.stdout.strip()
