"""Terraform's `ssl_pay_certificate` comes to rest: what was applied is not applied again."""

from __future__ import annotations

import pytest

from tests.conformance.scene import GEOTRUST_OV, LETTER, WOTRUS_DV, Scene
from tests.conformance.terraform import PayCertificate
from tests.issued import issue

DNSPOD_DV, DNSPOD_OV, TRUSTASIA_MULTI_WILDCARD = 48, 43, 42

INFORMATION = {
    "csr_type": "online",
    "certificate_domain": "www.example.com",
    "organization_name": "Example Trading Ltd",
    "organization_division": "Operations",
    "organization_address": "1 Sample Road",
    "organization_country": "CN",
    "organization_city": "Shenzhen",
    "organization_region": "Guangdong",
    "postal_code": "0755",
    "phone_area_code": "0755",
    "phone_number": "86013388",
    "verify_type": "DNS",
    "admin_first_name": "Ning",
    "admin_last_name": "Huang",
    "admin_phone_num": "13112341234",
    "admin_email": "ning@example.com",
    "admin_position": "developer",
    "contact_first_name": "Ming",
    "contact_last_name": "Li",
    "contact_email": "ming@example.com",
    "contact_number": "13112345678",
    "contact_position": "developer",
}
CREATED = [
    "CreateCertificate",
    "ModifyCertificateAlias",
    "SubmitCertificateInformation",
    "CertificateOrderSubmit",
]
DONE_AGAIN = [
    "CancelAuditCertificate",
    "ModifyCertificateResubmit",
    "SubmitCertificateInformation",
    "CertificateOrderSubmit",
]


def resource(scene: Scene, product: int = DNSPOD_DV, names: tuple[str, ...] = ()) -> PayCertificate:
    """A resource that is not created yet."""
    more = {"domain_list": list(names)} if names else {}
    return PayCertificate(
        client=scene.client,
        product=product,
        domain_num=1 + len(names),
        information=INFORMATION | more,
        alias="shop",
        letter=LETTER,
    )


@pytest.mark.parametrize(
    ("product", "names", "status"),
    [
        (DNSPOD_DV, (), 0),
        (DNSPOD_OV, (), 0),
        (TRUSTASIA_MULTI_WILDCARD, ("*.example.org", "shop.example.org"), 0),
        (GEOTRUST_OV, (), 0),
    ],
)
def test_a_plan_after_an_apply_is_empty(
    scene: Scene, product: int, names: tuple[str, ...], status: int
) -> None:
    """And another apply makes no call: the review goes on, with the same order at the CA."""
    certificate = resource(scene, product, names)
    assert certificate.apply()[:4] == CREATED
    assert certificate.state["status"] == status
    ordered = certificate.state["order_id"]
    assert certificate.plan() == []
    assert certificate.apply() == []
    assert certificate.state["order_id"] == ordered


def test_a_change_is_made_once(scene: Scene) -> None:
    """The review is stopped, the material handed in anew, and then there is nothing to do."""
    certificate = resource(scene)
    certificate.apply()
    certificate.information = INFORMATION | {"admin_phone_num": "13112349999"}
    assert certificate.plan() == ["admin_phone_num"]
    assert certificate.apply() == DONE_AGAIN
    assert (certificate.plan(), certificate.apply()) == ([], [])


def test_a_plan_is_empty_while_the_order_waits_to_be_submitted(scene: Scene) -> None:
    """The reply shows the material then, telephone numbers in full and nothing that was not given.

    So it stands after an apply that came no further, or an order that was opened again.
    """
    certificate = resource(scene)
    certificate.apply()
    order = {"CertificateId": certificate.certificate_id}
    scene.client.call("CancelAuditCertificate", **order)
    scene.client.call("ModifyCertificateResubmit", **order)
    shown = scene.client.detail(certificate.certificate_id)
    assert (shown["Status"], shown["SubmittedData"]["PhoneNumber"]) == (5, "86013388")
    assert certificate.plan() == []
    scene.client.submit(certificate.certificate_id, CertCommonName="other.example.com")
    assert "certificate_domain" in certificate.plan()


def test_a_plan_is_empty_once_the_certificate_is_issued(scene: Scene) -> None:
    """Nothing of the material is shown, so what the state has of it stays."""
    certificate = resource(scene, WOTRUS_DV)
    certificate.apply()
    order = {"CertificateId": certificate.certificate_id}
    scene.client.call("CancelAuditCertificate", **order)
    scene.client.call("ModifyCertificateResubmit", **order)
    issue(scene.desk, scene.keys, certificate.certificate_id)
    certificate.client = scene.client
    assert (certificate.plan(), certificate.apply()) == ([], [])
    assert certificate.state["status"] == 1


def test_a_resource_is_destroyed_while_it_is_under_review(scene: Scene) -> None:
    """The provider has one call for it, at whatever status."""
    certificate = resource(scene)
    certificate.apply()
    certificate.destroy()
    certificate.read()
    assert certificate.state["status"] == 7
