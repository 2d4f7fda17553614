"""What the desk shows of submitted material, and its layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

KEPT_NAMES = {
    "CsrType": "GenCsrType",
    "CertificateDomain": "CertCommonName",
    "OrganizationName": "OrgOrganization",
    "OrganizationDivision": "OrgDivision",
    "OrganizationAddress": "OrgAddress",
    "OrganizationCountry": "OrgCountry",
    "OrganizationCity": "OrgCity",
    "OrganizationRegion": "OrgRegion",
    "PhoneAreaCode": "OrgPhoneArea",
    "AdminFirstName": "AdminFirstName",
    "AdminLastName": "AdminLastName",
    "AdminEmail": "AdminEmail",
    "AdminPosition": "AdminTitle",
    "ContactFirstName": "TechFirstName",
    "ContactLastName": "TechLastName",
    "ContactEmail": "TechEmail",
    "ContactPosition": "TechTitle",
}
"""Members of SubmittedData, and the parameters of CertificateInfoSubmit that they show."""

PHONE_NAMES = {
    "PhoneNumber": "OrgPhoneNumber",
    "AdminPhoneNum": "AdminPhone",
    "ContactNumber": "TechPhone",
}
"""The same for telephone numbers, shown in full to callers who may read personal data."""

Detail: TypeAlias = dict[str, Any]
"""The members of a reply, or of a part of one."""

WIDE = 72
"""The terminal's columns needed for three orders side by side."""


def masked(number: str) -> str:
    """Show only the first two and the last two digits, since others may see the screen."""
    return f"{number[:2]}{'*' * (len(number) - 4)}{number[-2:]}"


class ShownBack:
    """Orders side by side, or one below the other if there is no room."""

    def __init__(self, orders: list[tuple[str, Detail]]) -> None:
        """Lay out orders, each with its heading."""
        self._orders = orders

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay out for the available width."""
        if options.max_width >= WIDE:
            yield _table(self._orders)
        else:
            yield from (_table([order]) for order in self._orders)


def _table(orders: list[tuple[str, Detail]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for heading, _ in orders:
        table.add_column(heading, overflow="fold")
    columns = [dict(_rows(detail)) for _, detail in orders]
    for name in columns[0]:
        table.add_row(name, *(column[name] or "-" for column in columns))
    return table


def _rows(detail: Detail) -> Iterator[tuple[str, str | None]]:
    given = detail["SubmittedData"]
    origin = "made here" if detail["CertificatePrivateKey"] else "from your CSR"
    yield "Order", detail["CertificateId"]
    yield "Product", detail["ProductZhName"]
    yield "Status", detail["StatusName"]
    yield "Name", given["CertificateDomain"]
    yield "Key", f"{detail['EncryptAlgorithm']}, {origin}"
    yield "KeyPassword", given["KeyPassword"] or "(never shown)"
    yield "Validation", given["VerifyType"]
    yield "Organisation", given["OrganizationName"]
    yield "Place", f"{given['OrganizationCity']}, {given['OrganizationCountry']}"
    yield "Telephone", f"{given['PhoneAreaCode']} {masked(given['PhoneNumber'])}"
    yield (
        "Administrator",
        f"{given['AdminFirstName']} {given['AdminLastName']}, {given['AdminPosition']}",
    )
    yield "", f"{masked(given['AdminPhoneNum'])} {given['AdminEmail']}"
    yield "Technician", f"{given['ContactFirstName']} {given['ContactLastName']}"
