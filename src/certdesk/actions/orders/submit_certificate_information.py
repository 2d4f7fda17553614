"""SubmitCertificateInformation: the older form of CertificateInfoSubmit, with other names.

Source: the vendor's page of the action, which is kept for old clients and gets nothing new. It has
no ids of companies and managers, no choice of a key, and fewer errors.
"""

import contextlib
from collections.abc import Iterator

from certdesk.actions.access import OWN_ORDER
from certdesk.actions.orders import certificate_info_submit
from certdesk.actions.orders.material import REFUSALS, submit_material
from certdesk.actions.orders.parameters import Parameters
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    CertificateInfoSubmitStatusInvalid,
    CertificateSubmitHostingCertError,
    ExceedsFreeLimit,
    InvalidCertificateStatusCode,
    InvalidParam,
    NoRealNameAuth,
)
from certdesk.domain.orders.material import COMPANY_HOLDER, PERSONAL_HOLDER
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Hidden, HiddenParsed, Parsed, Pem, Reply, Request, Stored, field

OWN_REFUSALS = (
    *OWN_ORDER,
    ExceedsFreeLimit,
    InvalidCertificateStatusCode,
    InvalidParam,
    NoRealNameAuth,
)


class SubmitCertificateInformationRequest(Request):
    """The applicant, the names and the key."""

    certificate_id: str
    """The certificate id of a bought order."""
    csr_type: str | None = None
    """Needed. `online`: the desk makes an RSA key of 2048 bits and the CSR; `parse`: see below."""
    csr_content: Pem | None = None
    """The PEM of a CSR, when `CsrType` is `parse`; otherwise the desk ignores it."""
    certificate_domain: Parsed | None = None
    """Needed. The domain name in the subject's common name; a CSR that has one must agree."""
    domain_list: list[Parsed] | None = None
    """The other domain names, for products that cover several."""
    key_password: HiddenParsed | None = None
    """Pass phrase of 1 to 32 printable characters for PFX and JKS files; never shown."""
    organization_name: str | None = None
    """The company's name: 64 characters at most, as the other `Organization` texts unless said."""
    organization_division: str | None = None
    """The department; it describes the manager, and no certificate has it."""
    organization_address: str | None = None
    """Street address: 256 characters at most."""
    organization_country: str | None = None
    """Two letters of ISO 3166, such as `CN`."""
    organization_city: str | None = None
    """City: 128 characters at most."""
    organization_region: str | None = None
    """Province or state: 128 characters at most."""
    postal_code: Stored[str | None] = None
    """Postal code: 40 characters at most."""
    phone_area_code: str | None = None
    """Area code, such as `021`: 8 characters at most."""
    phone_number: Hidden | None = None
    """Telephone number: 32 characters at most; masked without `ssl:ReadPersonalData`."""
    verify_type: str | None = None
    """How the desk validates the names: `DNS`, `DNS_AUTO`, or `FILE` where no name is a
    wildcard. With `DNS_AUTO` the desk adds the records itself, in zones that its operator set up
    for the account."""
    admin_first_name: str | None = None
    """The manager's given name: 64 characters at most, as names and titles of people are."""
    admin_last_name: str | None = None
    """The manager's family name."""
    admin_phone_num: Hidden | None = None
    """The manager's mobile number: 32 characters at most; masked without `ssl:ReadPersonalData`."""
    admin_email: Hidden | None = None
    """The manager's e-mail address."""
    admin_position: str | None = None
    """The manager's position."""
    contact_first_name: str | None = None
    """The contact's given name."""
    contact_last_name: str | None = None
    """The contact's family name."""
    contact_email: Hidden | None = None
    """The contact's e-mail address; needed when `IsDV` is true."""
    contact_number: Hidden | None = None
    """The contact's mobile number: 32 characters at most; masked without `ssl:ReadPersonalData`."""
    contact_position: str | None = None
    """The contact's position."""
    is_dv: bool | None = field(name="IsDV", default=None)
    """True: a person orders a DV product. Else company, manager and contact are needed."""


class SubmitCertificateInformationReply(Reply):
    """The order that the material is for."""

    certificate_id: str


PARAMETERS = Parameters(
    SubmitCertificateInformationRequest,
    {
        "csr_source": "csr_type",
        "csr": "csr_content",
        "common_name": "certificate_domain",
        "other_names": "domain_list",
        "holder": "is_dv",
        "key_pass": "key_password",
        "organisation.name": "organization_name",
        "organisation.division": "organization_division",
        "organisation.address": "organization_address",
        "organisation.country": "organization_country",
        "organisation.city": "organization_city",
        "organisation.region": "organization_region",
        "organisation.phone_area": "phone_area_code",
        "organisation.phone_number": "phone_number",
        "postal_code": "postal_code",
        "verify_type": "verify_type",
        "manager.first_name": "admin_first_name",
        "manager.last_name": "admin_last_name",
        "manager.phone": "admin_phone_num",
        "manager.email": "admin_email",
        "manager.title": "admin_position",
        "contact.first_name": "contact_first_name",
        "contact.last_name": "contact_last_name",
        "contact.phone": "contact_number",
        "contact.email": "contact_email",
        "contact.title": "contact_position",
        "contact_email": "contact_email",
    },
    {
        "personal": "{holder} is true",
        "as_person": "true",
        "nobody_named": "{holder} is not true",
        "no_manager_named": "{holder} is not true",
    },
    unshown={"holder"},
    beyond=("CertificateInfoSubmit", certificate_info_submit.PARAMETERS),
)


@catalog.action(*OWN_REFUSALS, writes=True, sensitive=True)
def submit_certificate_information(
    context: Context, request: SubmitCertificateInformationRequest
) -> Commit[SubmitCertificateInformationReply]:
    """Send the material of a paid order, in the older form of CertificateInfoSubmit.

    It does the same under other names. What only the newer action can say has its default here:
    no ids, an RSA key of 2048 bits, no renewal.
    """
    material = PARAMETERS.material(
        request,
        csr_source=request.csr_type or "",
        common_name=request.certificate_domain or "",
        holder=PERSONAL_HOLDER if request.is_dv else COMPANY_HOLDER,
        company_id="0",
        key_algorithm="RSA",
        key_parameter="2048",
    )
    reply = SubmitCertificateInformationReply(certificate_id=request.certificate_id)
    with _own_refusals():
        shared = submit_material(context, request.certificate_id, material, PARAMETERS, reply=reply)

    def commit(unit: Unit) -> SubmitCertificateInformationReply:
        with _own_refusals():
            return shared(unit)

    return commit


@contextlib.contextmanager
def _own_refusals() -> Iterator[None]:
    """Replace the newer action's codes with those that the vendor lists for this action."""
    try:
        yield
    except OWN_REFUSALS:
        raise
    except (CertificateInfoSubmitStatusInvalid, CertificateSubmitHostingCertError) as refused:
        raise InvalidCertificateStatusCode(refused.detail) from None
    except REFUSALS as refused:
        raise InvalidParam(refused.detail) from None
