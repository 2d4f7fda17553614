"""CertificateInfoSubmit: the material for a paid order.

The 42 parameters and their sense: the vendor's page of the action. The rules are in
`domain/submission.py`; what happens with good material is in `handing_in.py`.
"""

from certdesk.actions.handing_in import REFUSALS, hand_in
from certdesk.actions.parameters import Parameters
from certdesk.catalog import Commit, Context, catalog
from certdesk.wire.model import Integer, Reply, Request, Unsigned


class CertificateInfoSubmitRequest(Request):
    """Who orders, for which names, with which key."""

    cert_id: str
    gen_csr_type: str
    cert_common_name: str
    company_type: Unsigned
    company_id: str
    org_id_type: str | None = None
    org_id_number: str | None = None
    admin_id_type: str | None = None
    admin_id_number: str | None = None
    tech_id_type: str | None = None
    tech_id_number: str | None = None
    csr: str | None = None
    dns_names: list[str] | None = None
    key_pass: str | None = None
    org_organization: str | None = None
    org_division: str | None = None
    org_address: str | None = None
    org_country: str | None = None
    org_city: str | None = None
    org_region: str | None = None
    org_phone_area: str | None = None
    org_phone_number: str | None = None
    verify_type: str | None = None
    admin_first_name: str | None = None
    admin_last_name: str | None = None
    admin_phone: str | None = None
    admin_email: str | None = None
    admin_title: str | None = None
    tech_first_name: str | None = None
    tech_last_name: str | None = None
    contact_email: str | None = None
    auto_renew_flag: Unsigned | None = None
    csr_key_parameter: str | None = None
    csr_encrypt_algo: str | None = None
    manager_id: str | None = None
    tech_phone: str | None = None
    tech_email: str | None = None
    tech_title: str | None = None
    type: Integer | None = None
    ca_type: str | None = None
    sign_algo: str | None = None
    use_cross_sign_root: bool | None = None


class CertificateInfoSubmitReply(Reply):
    """Nothing but the RequestId."""


PARAMETERS = Parameters(
    CertificateInfoSubmitRequest,
    {
        "csr_source": "gen_csr_type",
        "common_name": "cert_common_name",
        "holder": "company_type",
        "company_id": "company_id",
        "organisation.id_type": "org_id_type",
        "organisation.id_number": "org_id_number",
        "manager.id_type": "admin_id_type",
        "manager.id_number": "admin_id_number",
        "contact.id_type": "tech_id_type",
        "contact.id_number": "tech_id_number",
        "csr": "csr",
        "other_names": "dns_names",
        "key_pass": "key_pass",
        "organisation.name": "org_organization",
        "organisation.division": "org_division",
        "organisation.address": "org_address",
        "organisation.country": "org_country",
        "organisation.city": "org_city",
        "organisation.region": "org_region",
        "organisation.phone_area": "org_phone_area",
        "organisation.phone_number": "org_phone_number",
        "verify_type": "verify_type",
        "manager.first_name": "admin_first_name",
        "manager.last_name": "admin_last_name",
        "manager.phone": "admin_phone",
        "manager.email": "admin_email",
        "manager.title": "admin_title",
        "contact.first_name": "tech_first_name",
        "contact.last_name": "tech_last_name",
        "contact.phone": "tech_phone",
        "contact.email": "tech_email",
        "contact.title": "tech_title",
        "contact_email": "contact_email",
        "auto_renew": "auto_renew_flag",
        "key_parameter": "csr_key_parameter",
        "key_algorithm": "csr_encrypt_algo",
        "manager_id": "manager_id",
        "product_number": "type",
        "ca_type": "ca_type",
        "sign_algorithm": "sign_algo",
        "cross_sign": "use_cross_sign_root",
    },
)


@catalog.action(*REFUSALS, writes=True)
def certificate_info_submit(
    context: Context, request: CertificateInfoSubmitRequest
) -> Commit[CertificateInfoSubmitReply]:
    """Hand in the material for a paid order; it may be replaced until the order is submitted."""
    material = PARAMETERS.material(request)
    return hand_in(
        context, request.cert_id, material, PARAMETERS, reply=CertificateInfoSubmitReply()
    )
