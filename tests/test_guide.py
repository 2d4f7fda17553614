"""What the guide tells a reader to type is typed here: a page after the one it begins with."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.pasting import ROOT, Reader, steps
from tests.programs import ended

GUIDE = ROOT / "docs" / "guide"
TEXTS = {page.name: page.read_text("utf-8") for page in GUIDE.glob("*.md")}
HEADINGS = set(re.findall(r"^#+ (.+)$", "\n".join(TEXTS.values()), re.MULTILINE))
SOURCES = "\n".join(file.read_text("utf-8") for file in (ROOT / "src").rglob("*.py"))
BEGINNING = "egin with [Start a desk](start.md)"
LINES = sorted(
    {
        " ".join(line.split())
        for page in TEXTS.values()
        for line in re.findall(r"`([^`]+)`", re.sub(r"(?ms)^```.*?^```", "", page))
        if "…" in line and len(line.split()) > 3 and not line.startswith("certdesk ")
    }
)
"""The lines of the program that the guide quotes, with `…` for what varies."""

PRINTED = {
    "start.md": (r"^\w{8}$",),
    "order.md": (
        r"^_dnsauth\.shop\.example\.com TXT \w+$",
        r'"VerificationResults": \[{"Domain": "shop.example.com", "VerifyType": "DNS"',
        r"^certificate/Nginx/1_shop\.example\.com_bundle\.crt: OK$",
        r'^{"CompanyId": 1}\n{"ManagerId": 1}$',
        r"^Pending submission\nwww\.example\.com$",
        r"must not contain a wildcard: GlobalSign OV does not cover wildcards",
        r"^exit code 1$",
        r'"TotalCount": 1\D',
        r"^not trusted$",
        r": revoked$",
        r'"Type": "updateAlias"',
    ),
    "vet.md": (
        r'"Form": "PDF"',
        r"^subject=C=GB,ST=West Yorkshire,L=Leeds,O=Sample Trading Ltd,CN=trade\.example\.com$",
        r"^PENDING-DCV$",
        r'"CompanyName": "Sample Trading Ltd"',
        r'"Verdict": "rejected".*"Failed": \["\w{8}"\]',
    ),
    "try.md": (
        r'^{"SecretId": "AKID\w+", .*"Endpoint": "http://127\.0\.0\.1:\d+"}$',
        r"^-----BEGIN CERTIFICATE-----$",
        r"^(\w{8}) was succeeded by (?!\1)\w{8}$",
    ),
    "network.md": (r'{"Response": {"Companies": \[',),
    "ca.md": (r"^subject=.*CN ?= ?certdesk ",),
    "accounts.md": (
        r"you are not authorized to perform operation \(ssl:CreateCertificate\)",
        r"The key is a temporary one, and its token is missing\.",
        r'^{"CertificateId": "\w{8}", "Status": 14}$',
        r"^exit code 1$",
    ),
    "people.md": (
        r"^http://localhost:\d+/console/invitation/[A-Za-z0-9_-]{43}$",
        r'"Login": "grace", "Role": "auditor"',
        r'"Linked": \["lin@\d+", "uid:1000", "user:\d+"\]',
    ),
    "data.md": (
        r'"What": "contact"',
        r"has status 5 \(Pending submission\): cancel it \(CancelCertificateOrder\)",
        r'"Erased": \[{"Record": "manager:\d+", "What": "contact"}\]',
    ),
    "backup.md": (
        r'"Name": "Web team"',
        r"there is no key file at restored/kek\.json",
        r"^exit code 3$",
    ),
    "watch.md": (
        r"^ok\nprobe: ok, .*\n\nok\n\n",
        r'^certdesk_requests_total{action="CreateCertificate",code="ok"} \d',
        r"^ok    database      undamaged, at revision \d{4};",
    ),
}
"""What each page has its reader see, on stdout and stderr."""


VISITS = {
    "tester": ("try.md",),
    "owner": ("start.md", "order.md", "data.md"),
    "reviewer": ("start.md", "data.md", "vet.md"),
    "operator": (
        "start.md",
        "ca.md",
        "accounts.md",
        "people.md",
        "watch.md",
        "network.md",
        "backup.md",
    ),
}
"""The pages that one reader types on one desk, each after those that were typed before it."""


def commands(name: str) -> str:
    """Return all that a page has its reader type."""
    return "\n".join(steps(TEXTS[name]))


def test_every_page_with_commands_is_typed() -> None:
    """And says where it begins, unless it begins by itself."""
    typed = {name for name in TEXTS if commands(name)}
    assert typed == set(PRINTED) == {name for visit in VISITS.values() for name in visit}
    assert {name for name in typed if BEGINNING not in TEXTS[name]} == {"start.md", "try.md"}


@pytest.mark.parametrize("name", PRINTED)
def test_a_page_uses_only_what_it_or_its_beginning_defines(name: str) -> None:
    """No variable and no function of the shell from another page."""
    known = commands("start.md") + commands(name)
    everything = "\n".join(map(commands, PRINTED))
    for variable in set(re.findall(r"\$\{?([A-Z_]+)", commands(name))):
        assert re.search(rf"\b{variable}=", known), variable
    for function in set(re.findall(r"^(\w+)\(\) {", everything, re.MULTILINE)):
        if re.search(rf"(?:^|\$\(|\| )\s*{function} ", commands(name), re.MULTILINE):
            assert f"\n{function}() {{" in f"\n{known}", function


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("visit", VISITS)
def test_the_pages_work_as_they_stand(visit: str, tmp_path: Path) -> None:
    """Each command ends well, what is printed is what the page speaks of, and git sees no file."""
    with Reader(tmp_path) as reader:
        for name in VISITS[visit]:
            before = len(reader.log)
            printed = "".join(reader.do(step) for step in steps(TEXTS[name]))
            printed += reader.log[before:]
            for line in PRINTED[name]:
                assert re.search(line, printed, re.MULTILINE), f"{name}: {line}\n{printed}"
        assert reader.untracked == []


@pytest.mark.needs("systemd-analyze")
def test_systemd_understands_the_unit_of_the_guide(tmp_path: Path) -> None:
    """Every directive of it, and that the command is one."""
    (unit,) = re.findall(r"^```ini\n(\[Unit\].+?)^```", TEXTS["run.md"], re.MULTILINE | re.DOTALL)
    service = tmp_path / "certdesk.service"
    program = Path(sys.executable).with_name("certdesk")
    service.write_text(unit.replace("/opt/certdesk/bin/certdesk", str(program)))

    done = ended("systemd-analyze", "verify", service)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_what_a_message_names_of_the_guide_is_a_heading_of_it() -> None:
    """As in `(guide: Back up)`."""
    named = set(re.findall(r"\(guide: ([^)]+)\)", SOURCES))
    assert len(named) > 1
    assert named - HEADINGS == set()


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_the_guide_quotes_is_one_of_the_program(line: str) -> None:
    """Of the health page or of the log: three words of it in a row, beside what varies."""
    words = line.split()
    assert any(" ".join(words[at : at + 3]) in SOURCES for at in range(len(words) - 2))
