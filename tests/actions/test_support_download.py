"""SupportDownloadType: true for the kinds of server for which a link would be given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.domain.values.keys import KeyKind, private_key_pem
from tests import chains
from tests.actions.downloading import Place, link
from tests.running import Client

KINDS = ("nginx", "apache", "tomcat", "iis", "jks", "root", "other")
LISTING, LINKING = "ssl:DescribeCertificates", "ssl:DescribeDownloadCertificateUrl"


@pytest.fixture(scope="module")
def orders(place: Place) -> list[str]:
    """Keys made here, CSRs of others, uploads with and without root and key, and one bought."""
    key = chains.key_of(KeyKind.P_256)
    leaf, middle = chains.leaf(key, "files.example.com"), chains.intermediate().certificate
    top = chains.root().certificate
    private = {"CertificatePrivateKey": private_key_pem(key).decode()}
    uploads = (
        {"CertificatePublicKey": chains.pem(leaf, middle, top)} | private,
        {"CertificatePublicKey": chains.pem(leaf, middle)} | private,
        {"CertificatePublicKey": chains.pem(middle), "CertificateType": "CA"},
    )
    uploaded = [
        str(place.client.call("UploadCertificate", **given)["CertificateId"]) for given in uploads
    ]
    return [place.online, place.passed, place.parsed, place.bought, *uploaded]


def bound_to_one(place: Place) -> Client:
    """The SDK with the key of a user who may have links to one certificate."""
    user = place.desk.user(place.keys, LISTING)
    for permission in (LINKING, "ssl:ReadPrivateKey"):
        place.desk.bind(user, "allow", permission, certificates=[place.online])
    return place.desk.client(user.keys)


CALLERS: dict[str, Callable[[Place], Client]] = {
    "account": lambda place: place.client,
    "reader": lambda place: place.allowed(LISTING, LINKING, "ssl:ReadPrivateKey"),
    "without keys": lambda place: place.allowed(LISTING, LINKING),
    "without links": lambda place: place.allowed(LISTING, "ssl:ReadPrivateKey"),
    "bound to one": bound_to_one,
}


@pytest.mark.parametrize("who", CALLERS)
def test_what_is_told_is_what_is_given(place: Place, orders: list[str], who: str) -> None:
    """For each kind of server, of each certificate, to each caller."""
    client = CALLERS[who](place)
    page = client.call("DescribeCertificates", CertIds=orders)["Certificates"]
    told = {each["CertificateId"]: each["SupportDownloadType"] for each in page}
    assert told.keys() == set(orders)
    for order in orders:
        wanted = {kind.upper() for kind in given(client, order)}
        assert {kind for kind, true in told[order].items() if true} == wanted, order


def test_of_a_certificate_that_was_made_here_everything_can_be_had(place: Place) -> None:
    """As in the vendor's examples."""
    (listed,) = place.client.call("DescribeCertificates", CertIds=[place.online])["Certificates"]
    assert listed["SupportDownloadType"] == dict.fromkeys(map(str.upper, KINDS), True)


def given(client: Client, certificate_id: str) -> Iterator[str]:
    """Give the kinds for which a link is given."""
    for kind in KINDS:
        try:
            link(client, certificate_id, kind)
        except TencentCloudSDKException:
            continue
        yield kind
