"""Certificate signing requests that others made: ordinary, odd and broken ones.

OpenSSL is the outside judge: what it refuses is never accepted here. The desk refuses more.
"""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from certdesk.domain.pki import csr
from tests.requests_of_others import (
    ACCEPTED,
    acceptable,
    collected,
    collected_pem,
    dns_names,
    packaged,
)
from tools import servers


def read(text: str) -> csr.CertificateRequest | None:
    """Read a request; None where it is refused. Any other exception fails the test."""
    try:
        return csr.parse(text)
    except csr.CsrRefused:
        return None


def openssl_accepts(text: str) -> bool:
    """Ask OpenSSL to read a request and to verify its signature."""
    program = servers.find("openssl")
    assert program is not None
    command = [program, "req", "-verify", "-noout"]
    judged = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return judged.returncode == 0 and "verify OK" in judged.stderr


def test_the_packages_hold_the_requests_that_are_expected() -> None:
    """A release that moves its files away must not leave the tests below without any."""
    assert len(packaged()) == 36


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("name", sorted(packaged()))
def test_a_packaged_request_is_accepted_as_written_down_and_never_against_openssl(
    name: str,
) -> None:
    """Those refused are malformed, of a weak key or hash, or have text around the block."""
    text = packaged()[name]
    accepted = read(text) is not None
    assert accepted == (name in ACCEPTED)
    assert openssl_accepts(text) or not accepted


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("name", sorted(packaged()))
def test_a_packaged_request_freed_of_the_text_around_it_is_not_accepted_against_openssl(
    name: str,
) -> None:
    """The same requests as a user would cut them out of their files."""
    text = packaged()[name]
    block = text[text.index("-----BEGIN") :]
    assert read(block) is None or openssl_accepts(block)


# Where a subject breaks the lengths of X.520 the library warns, and reads it.
@pytest.mark.filterwarnings("ignore:Attribute's length")
@pytest.mark.corpus("csr")
@pytest.mark.parametrize("entry", collected(), ids=lambda entry: entry["id"])
def test_a_collected_request_gets_the_verdict_of_the_index(entry: dict[str, Any]) -> None:
    """Accepted are those with no reason against them, a SHA-2 hash and no IP address."""
    found = read(collected_pem(entry))
    assert (found is not None) == acceptable(entry)
    if found is not None:
        assert found.dns_names == tuple(name.lower() for name in dns_names(entry))
        assert entry["openssl_3_0_19"] == "verify-ok"
