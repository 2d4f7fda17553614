"""CertificateInfoSubmit with signing requests that others made, on a live desk.

The packages' requests are always there; the larger collection where it lies beside the clone.
"""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.domain.values.names import DomainName, DomainRefused
from tests.requests_of_others import (
    ACCEPTED,
    acceptable,
    collected,
    collected_pem,
    dns_names,
    packaged,
)
from tests.running import Client

SINGLE, MULTI, WILDCARD, MULTI_WILDCARD = 25, 26, 27, 42
REFUSALS = {
    "FailedOperation.InvalidParam",
    "FailedOperation.CertificateInfoSubmitDomainInvalid",
}

# For which names each acceptable request of the packages is ordered; one has a name that none can
# order, and one has no name at all.
NAMES = {
    "acme/csr.der": ["example.com"],
    "cryptography_vectors/challenge-unstructured.pem": ["something"],
    "cryptography_vectors/challenge.pem": ["example.com"],
    "cryptography_vectors/ec_sha256.der": ["cryptography.io"],
    "cryptography_vectors/ec_sha256.pem": ["cryptography.io"],
    "cryptography_vectors/ec_sha256_old_header.pem": ["cryptography.io"],
    "cryptography_vectors/rsa_sha256.der": ["cryptography.io"],
    "cryptography_vectors/rsa_sha256.pem": ["cryptography.io"],
}


def answer(client: Client, csr: str, names: list[str]) -> str:
    """Order names with a product that fits, and hand a request in; `ok` or the refusal's code."""
    wild = any(name.startswith("*.") for name in names)
    if len(names) == 1:
        order = client.buy(WILDCARD if wild else SINGLE)
    else:
        order = client.buy(MULTI_WILDCARD if wild else MULTI, len(names))
    own: dict[str, object] = {"CertCommonName": names[0], "DnsNames": names[1:]}
    try:
        client.submit(order, GenCsrType="parse", Csr=csr, **own)
    except TencentCloudSDKException as error:
        return str(error.get_code())
    return "ok"


def can_be_ordered(names: list[str]) -> bool:
    """Tell whether all of these are names that anyone may order."""
    try:
        return bool([DomainName.parse(name) for name in names])
    except DomainRefused:
        return False


def own_names(entry: dict[str, Any]) -> list[str]:
    """List the names of a collected request, its common name first; those of a bad one may lack."""
    common_names = []
    # The index cuts long subjects.
    if acceptable(entry):
        subject = x509.load_pem_x509_csr(collected_pem(entry).encode()).subject
        found = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        common_names = [str(attribute.value) for attribute in found]
    return list(dict.fromkeys(name.lower() for name in [*common_names, *dns_names(entry)]))


@pytest.mark.parametrize("name", sorted(packaged()))
def test_a_packaged_request_is_taken_for_its_names_or_refused(client: Client, name: str) -> None:
    """What the domain's own tests refuse is refused here, and nothing ends in InternalError."""
    names = NAMES.get(name, ["example.com"])
    given = answer(client, packaged()[name], names)
    assert (given == "ok") == (name in ACCEPTED and can_be_ordered(names))
    assert given in REFUSALS | {"ok"}


def test_every_acceptable_request_of_the_packages_has_its_names() -> None:
    """The table above is complete."""
    assert NAMES.keys() == ACCEPTED


# Where a subject breaks the lengths of X.520 the library warns, and reads it.
@pytest.mark.filterwarnings("ignore:Attribute's length")
@pytest.mark.corpus("csr")
@pytest.mark.parametrize("entry", collected(), ids=lambda entry: entry["id"])
def test_a_collected_request_is_taken_for_its_names_or_refused(
    client: Client, entry: dict[str, Any]
) -> None:
    """Taken are those that the index has nothing against, where their names can be ordered."""
    names = own_names(entry) or ["example.com"]
    given = answer(client, collected_pem(entry), names)
    assert (given == "ok") == (acceptable(entry) and can_be_ordered(names))
    assert given in REFUSALS | {"ok"}


# Where a subject breaks the lengths of X.520 the library warns, and reads it.
@pytest.mark.filterwarnings("ignore:Attribute's length")
@pytest.mark.corpus("csr")
@pytest.mark.parametrize("entry", collected(), ids=lambda entry: entry["id"])
def test_a_collected_request_is_not_taken_for_other_names(
    client: Client, entry: dict[str, Any]
) -> None:
    """An order for a name that no request has takes none of them, but one without any name."""
    given = answer(client, collected_pem(entry), ["unrelated.example.com"])
    assert (given == "ok") == (acceptable(entry) and not own_names(entry))
    assert given in REFUSALS | {"ok"}
