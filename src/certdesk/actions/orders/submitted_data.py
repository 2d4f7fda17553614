"""What was submitted for an order, shown until the order is submitted to the CA."""

from certdesk.actions.access import may_read_personal
from certdesk.actions.orders.stored_submissions import earlier_material
from certdesk.domain.orders.lifecycle import TAKES_MATERIAL
from certdesk.domain.orders.material import COMPANY_HOLDER
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.orders.submission import PARSE
from certdesk.domain.values.secret import masked, plain
from certdesk.engine import Context
from certdesk.wire.model import Blank, Part, Withheld


class SubmittedData(Part, kw_only=True):
    """The material in force, in the names of the older action SubmitCertificateInformation."""

    csr_type: Blank
    csr_content: Blank
    certificate_domain: Blank
    domain_list: list[str]
    key_password: Withheld[Blank] = ""
    organization_name: Blank
    organization_division: Blank
    organization_address: Blank
    organization_country: Blank
    organization_city: Blank
    organization_region: Blank
    postal_code: Blank
    phone_area_code: Blank
    phone_number: Blank
    admin_first_name: Blank
    admin_last_name: Blank
    admin_phone_num: Blank
    admin_email: Blank
    admin_position: Blank
    contact_first_name: Blank
    contact_last_name: Blank
    contact_number: Blank
    contact_email: Blank
    contact_position: Blank
    verify_type: Blank


def submitted_data(
    context: Context, order: Order, submission: Submission | None
) -> SubmittedData | None:
    """Return what was submitted for an order; None at a status that does not show it.

    Telephone numbers are shown in full to callers that may read personal data, and masked to
    others. The CSR is the one that was submitted; there is none if the desk makes it.
    """
    if submission is None or order.status not in TAKES_MATERIAL:
        return None
    material = earlier_material(context, submission)
    number = plain if may_read_personal(context, order) else masked
    organisation, manager, contact = material.organisation, material.manager, material.contact
    email = contact.email if material.holder == COMPANY_HOLDER else material.contact_email
    return SubmittedData(
        csr_type=material.csr_source,
        csr_content=submission.csr if material.csr_source == PARSE else "",
        certificate_domain=material.common_name,
        domain_list=list(material.other_names),
        organization_name=organisation.name or "",
        organization_division=organisation.division or "",
        organization_address=organisation.address or "",
        organization_country=organisation.country or "",
        organization_city=organisation.city or "",
        organization_region=organisation.region or "",
        postal_code=material.postal_code or "",
        phone_area_code=organisation.phone_area or "",
        phone_number=number(organisation.phone_number) or "",
        admin_first_name=manager.first_name or "",
        admin_last_name=manager.last_name or "",
        admin_phone_num=number(manager.phone) or "",
        admin_email=plain(manager.email) or "",
        admin_position=manager.title or "",
        contact_first_name=contact.first_name or "",
        contact_last_name=contact.last_name or "",
        contact_number=number(contact.phone) or "",
        contact_email=plain(email or material.contact_email) or "",
        contact_position=contact.title or "",
        verify_type=material.verify_type or "",
    )
