"""What the README and the guide tell a reader to type is typed here, in its order."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.pasting import ROOT, Reader, steps
from tests.programs import ended

README = (ROOT / "README.md").read_text("utf-8")
GUIDE = (ROOT / "docs" / "guide.md").read_text("utf-8")


def test_every_make_target_of_the_readme_is_in_the_makefile() -> None:
    """The demo and the tests are not started from inside the tests, but they are there."""
    targets = re.findall(r"^make (\w+)", README, re.MULTILINE)
    assert targets == ["demo", "test", "world", "serve"]
    for target in targets:
        assert re.search(rf"^{target}: ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.needs("openssl")
def test_the_first_certificate_of_the_readme_is_had_as_it_stands(tmp_path: Path) -> None:
    """Bought with the SDK, ordered and downloaded with tccli, verified by OpenSSL."""
    with Reader(tmp_path) as reader:
        printed = [reader.do(step) for step in steps(README) if not step.startswith("make demo")]
        assert reader.untracked == []
    assert re.search(r"^_dnsauth\.www\.example\.com TXT \w+$", printed[-2], re.MULTILINE)
    assert printed[-1] == "certificate/Nginx/1_www.example.com_bundle.crt: OK\n"
    assert (tmp_path / "certificate" / "Nginx" / "2_www.example.com.key").is_file()


@pytest.mark.needs("systemd-analyze")
def test_systemd_understands_the_unit_of_the_guide(tmp_path: Path) -> None:
    """Every directive of it, and that the command is one."""
    (unit,) = re.findall(r"^```ini\n(\[Unit\].+?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    service = tmp_path / "certdesk.service"
    program = Path(sys.executable).with_name("certdesk")
    service.write_text(unit.replace("/opt/certdesk/bin/certdesk", str(program)))

    done = ended("systemd-analyze", "verify", service)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.needs("openssl")
def test_the_guide_works_as_it_stands(tmp_path: Path) -> None:
    """From the first account to a restored backup and a sandbox."""
    with Reader(tmp_path) as reader:
        printed = "".join(reader.do(step) for step in steps(GUIDE))
        errors = reader.log
        assert reader.untracked == []
    assert re.search(r"^_dnsauth\.shop\.example\.com TXT \w+$", printed, re.MULTILINE)
    assert '"VerificationResults": [{"Domain": "shop.example.com", "VerifyType": "DNS"' in printed
    assert "certificate/Nginx/1_shop.example.com_bundle.crt: OK\n" in printed
    assert re.search(r"^(\w{8}) was succeeded by (?!\1)\w{8}$", printed, re.MULTILINE)
    assert "certdesk sandbox: for tests only, trust it nowhere" in printed
    assert "Pending submission ECC prime256v1 www.example.com" in printed
    assert "must not hold a wildcard: GlobalSign OV covers none" in printed
    assert '{"CompanyId": 1}\n{"ManagerId": 1}\n' in printed
    assert '"CompanyName": "Example Ltd"' in printed
    assert '"Form": "PDF"' in printed
    assert re.search(r"^ok\nprobe: ok, .*\n\nok\n\n", printed, re.MULTILINE)
    assert re.search(
        r'^certdesk_requests_total{action="CreateCertificate",code="ok"} \d', printed, re.MULTILINE
    )
    told = "subject=C=GB,ST=West Yorkshire,L=Leeds,O=Sample Trading Ltd,CN=trade.example.com"
    assert told in printed
    assert '"StatusMsg": "PENDING-DCV"' in printed
    assert re.search(r'"Verdict": "rejected".*"Failed": \["\w{8}"\]', printed)
    assert re.search(r'^{"CertificateId": "\w{8}", "Status": 14}$', printed, re.MULTILINE)
    assert "you are not authorized to perform operation (ssl:CreateCertificate)" in printed
    assert "The key is a temporary one, and its token is missing." in printed
    assert '"Erased": [{"Record": "manager:1", "What": "contact"}]' in printed
    assert "stands at status 5 (Pending submission): cancel it (CancelCertificateOrder)" in errors
    assert re.search(r"^ok    database      whole, at revision \d{4};", printed, re.MULTILINE)
    assert "exit code 1" in printed
    assert "exit code 3" in printed
    assert "there is no key file at restored/kek.json" in errors
