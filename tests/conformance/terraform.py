"""Terraform's resource for paid certificates, as far as its calls and its comparison go.

A model of our own: which calls the provider makes to create and change a certificate, what its
Read takes from DescribeCertificateDetail into the state, and how Terraform finds out from state and
configuration whether anything is to be done.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.running import Client

WIRE_NAMES = {
    "csr_type": "CsrType",
    "csr_content": "CsrContent",
    "certificate_domain": "CertificateDomain",
    "domain_list": "DomainList",
    "key_password": "KeyPassword",
    "organization_name": "OrganizationName",
    "organization_division": "OrganizationDivision",
    "organization_address": "OrganizationAddress",
    "organization_country": "OrganizationCountry",
    "organization_city": "OrganizationCity",
    "organization_region": "OrganizationRegion",
    "postal_code": "PostalCode",
    "phone_area_code": "PhoneAreaCode",
    "phone_number": "PhoneNumber",
    "verify_type": "VerifyType",
    "admin_first_name": "AdminFirstName",
    "admin_last_name": "AdminLastName",
    "admin_phone_num": "AdminPhoneNum",
    "admin_email": "AdminEmail",
    "admin_position": "AdminPosition",
    "contact_first_name": "ContactFirstName",
    "contact_last_name": "ContactLastName",
    "contact_email": "ContactEmail",
    "contact_number": "ContactNumber",
    "contact_position": "ContactPosition",
}
"""Members of the block `information`, with their parameters and the members of SubmittedData."""

NOT_SAID = {"csr_type": "online", "csr_content": "", "domain_list": [], "key_password": ""}
"""What Terraform has for an optional member of the block that the configuration leaves out."""

AWAITS_MATERIAL, CANCELLED = 5, 7
LETTER_PRODUCTS = (8, 9, 10)

Block = dict[str, Any]


@dataclasses.dataclass(kw_only=True)
class PayCertificate:
    """One resource: its configuration, and the state that Terraform keeps of it."""

    client: Client
    product: int
    domain_num: int
    information: Block
    alias: str
    letter: str = ""
    state: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def certificate_id(self) -> str:
        """The order's id, once there is one."""
        return str(self.state["certificate_id"])

    def plan(self) -> list[str]:
        """Refresh the state and return what is to be changed: nothing is the empty plan."""
        self.read()
        wanted = {
            "product_id": self.product,
            "domain_num": self.domain_num,
            "time_span": 1,
            "alias": self.alias,
        }
        changes = [name for name, value in wanted.items() if self.state[name] != value]
        known = self.state["information"]
        return changes + [name for name, value in self._block().items() if known.get(name) != value]

    def apply(self) -> list[str]:
        """Do what a plan says; return the calls that were made for it."""
        if not self.state:
            return self._create()
        changes = self.plan()
        calls = []
        if "alias" in changes:
            calls += self._call("ModifyCertificateAlias", Alias=self.alias)
        if self.information.keys() & set(changes):
            calls += self._open_again() + self._hand_in()
        # After an apply the state is what was planned, where Read brings nothing else.
        self.state["information"] = self._block()
        self.read()
        return calls

    def read(self) -> None:
        """Take the state from the reply; material only where the reply has some."""
        detail = self.client.detail(self.certificate_id)
        # The provider reads these without asking whether they are there.
        self.state |= {
            "project_id": int(detail["ProjectId"]),
            "alias": detail["Alias"],
            "order_id": detail["OrderId"],
            "status": detail["Status"],
        }
        submitted = detail["SubmittedData"]
        if submitted is not None:
            block = {name: submitted[wire] for name, wire in WIRE_NAMES.items()}
            self.state["information"] = block
        for part in (detail["DvAuthDetail"] or {}).get("DvAuths") or ():
            assert part["DvAuthKey"] + part["DvAuthValue"] + part["DvAuthVerifyType"]

    def destroy(self) -> None:
        """Give the order up, by the one call that the provider makes."""
        self._call("CancelCertificateOrder")

    def _block(self) -> Block:
        return NOT_SAID | self.information

    def _create(self) -> list[str]:
        bought = self.client.buy(self.product, self.domain_num)
        self.state = {
            "certificate_id": bought,
            "product_id": self.product,
            "domain_num": self.domain_num,
            "time_span": 1,
            "information": self._block(),
        }
        calls = ["CreateCertificate", *self._call("ModifyCertificateAlias", Alias=self.alias)]
        calls += self._hand_in()
        self.read()
        return calls

    def _open_again(self) -> list[str]:
        """Take the order back from the CA, as it has to be before anything is handed in anew."""
        if self.state["status"] == AWAITS_MATERIAL:
            return []
        calls = self._call("CancelAuditCertificate")
        assert self.client.detail(self.certificate_id)["Status"] == CANCELLED
        return calls + self._call("ModifyCertificateResubmit")

    def _hand_in(self) -> list[str]:
        given = {WIRE_NAMES[name]: value for name, value in self._block().items()}
        calls = self._call("SubmitCertificateInformation", **given)
        self.client.call("CertificateOrderSubmit", CertId=self.certificate_id)
        calls.append("CertificateOrderSubmit")
        if self.product in LETTER_PRODUCTS:
            calls += self._call("UploadConfirmLetter", ConfirmLetter=self.letter)
        return calls

    def _call(self, action: str, **parameters: object) -> list[str]:
        self.client.call(action, CertificateId=self.certificate_id, **parameters)
        return [action]
