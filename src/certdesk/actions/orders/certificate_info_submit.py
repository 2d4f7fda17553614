"""CertificateInfoSubmit: the material for a paid order.

The vendor's page of the action defines the 42 parameters. The rules are in
`domain/orders/submission.py`; `actions/orders/material.py` stores material that follows them.
"""

from certdesk.actions.orders.material import REFUSALS, submit_material
from certdesk.actions.orders.parameters import Parameters
from certdesk.catalog import Commit, catalog
from certdesk.engine import Context
from certdesk.wire.model import (
    Hidden,
    HiddenParsed,
    Integer,
    Parsed,
    Pem,
    Reply,
    Request,
    Stored,
    Unsigned,
)


class CertificateInfoSubmitRequest(Request):
    """The applicant, the names and the key."""

    cert_id: str
    """The certificate id of a bought order."""
    gen_csr_type: str
    """`online`: the desk makes the key and the CSR; `parse`: you send it in `Csr`."""
    cert_common_name: Parsed
    """The domain name in the subject's common name; `Csr`, where it has one, must agree."""
    company_type: Unsigned
    """1: a person, for DV products only; 2: a company, for every product."""
    company_id: str
    """The id of a company that the account has; `0` for none."""
    org_id_type: Stored[str | None] = None
    """Kind of the company's number, for CFCA products: `TYDMZ` or `OTHERS`."""
    org_id_number: Stored[Hidden | None] = None
    """The company's number, for CFCA products; kept encrypted and never shown."""
    admin_id_type: Stored[str | None] = None
    """Kind of the manager's document, for CFCA products: `SFZ` or `HZ`."""
    admin_id_number: Stored[Hidden | None] = None
    """Number of the manager's document, for CFCA products; kept encrypted and never shown."""
    tech_id_type: Stored[str | None] = None
    """Kind of the contact's document, for CFCA products: `SFZ` or `HZ`."""
    tech_id_number: Stored[Hidden | None] = None
    """Number of the contact's document, for CFCA products; kept encrypted and never shown."""
    csr: Pem | None = None
    """The PEM of a CSR, when `GenCsrType` is `parse`; otherwise the desk ignores it."""
    dns_names: list[Parsed] | None = None
    """The other domain names, for products that cover several."""
    key_pass: HiddenParsed | None = None
    """Pass phrase of 1 to 32 printable characters for PFX and JKS files; never shown."""
    org_organization: str | None = None
    """The company's name: 64 characters at most, as the other `Org` texts unless said."""
    org_division: str | None = None
    """The department; it describes the manager, and no certificate has it."""
    org_address: str | None = None
    """Street address: 256 characters at most."""
    org_country: str | None = None
    """Two letters of ISO 3166, such as `CN`."""
    org_city: str | None = None
    """City: 128 characters at most."""
    org_region: str | None = None
    """Province or state: 128 characters at most."""
    org_phone_area: str | None = None
    """Area code, such as `021`: 8 characters at most."""
    org_phone_number: Hidden | None = None
    """Telephone number: 32 characters at most; masked without `ssl:ReadPersonalData`."""
    verify_type: str | None = None
    """How the desk validates the names: `DNS`, `DNS_AUTO`, or `FILE` where no name is a
    wildcard. With `DNS_AUTO` the desk adds the records itself, in zones that its operator set up
    for the account."""
    admin_first_name: str | None = None
    """The manager's given name: 64 characters at most, as names and titles of people are."""
    admin_last_name: str | None = None
    """The manager's family name."""
    admin_phone: Hidden | None = None
    """The manager's mobile number: 32 characters at most; masked without `ssl:ReadPersonalData`."""
    admin_email: Hidden | None = None
    """The manager's e-mail address."""
    admin_title: str | None = None
    """The manager's position."""
    tech_first_name: str | None = None
    """The contact's given name."""
    tech_last_name: str | None = None
    """The contact's family name."""
    contact_email: Stored[Hidden | None] = None
    """Where to write to about a person's order; needed when `CompanyType` is 1."""
    auto_renew_flag: Unsigned | None = None
    """1: order again at the end of the time that was bought; 0, the default: do not."""
    csr_key_parameter: str | None = None
    """Size or curve of the key, when `GenCsrType` is `online`: `2048`, `4096`; `prime256v1`."""
    csr_encrypt_algo: str | None = None
    """Algorithm of the key, when `GenCsrType` is `online`: `RSA`, the default, or `ECC`."""
    manager_id: str | None = None
    """The id of a manager that the account has, with contact and company; `0` for none."""
    tech_phone: Hidden | None = None
    """The contact's mobile number: 32 characters at most; masked without `ssl:ReadPersonalData`."""
    tech_email: Hidden | None = None
    """The contact's e-mail address."""
    tech_title: str | None = None
    """The contact's position."""
    type: Integer | None = None
    """The product's number once more; it must be that of the order."""
    ca_type: Stored[str | None] = None
    """Whose root, for DNSPod products: `sectigo` or `digicert`."""
    sign_algo: str | None = None
    """Hash of the certificate's signature: `SHA256`, `SHA384` or `SHA512`."""
    use_cross_sign_root: bool | None = None
    """Whether the chain is to end in a cross-signed root."""


class CertificateInfoSubmitReply(Reply):
    """Only the RequestId."""


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
    {
        "personal": "{holder} is 1",
        "as_person": "1 (personal)",
        "nobody_named": "neither {company_id} nor {manager_id} is set",
        "no_manager_named": "{manager_id} is not set",
    },
)


@catalog.action(*REFUSALS, writes=True, sensitive=True)
def certificate_info_submit(
    context: Context, request: CertificateInfoSubmitRequest
) -> Commit[CertificateInfoSubmitReply]:
    """Send the material of a paid order; you can replace it until the order is submitted."""
    material = PARAMETERS.material(request)
    return submit_material(
        context, request.cert_id, material, PARAMETERS, reply=CertificateInfoSubmitReply()
    )
