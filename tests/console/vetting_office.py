"""An account that orders, its user in the console, and reviewers of the desk, all signed in."""

from __future__ import annotations

import base64
import dataclasses
import uuid
from urllib.parse import quote

from tests.acceptance.office import COMPANY
from tests.actions.submitting import ADMIN, ORGANISATION, TECH
from tests.console.desks import ConsoleDesk, Login
from tests.console.visitor import TOKEN, Answer, Visitor
from tests.papers import PDF
from tests.running import Client, Keys

OV, EV = 14, 20
BOUNDARY = "----of-a-browser"


@dataclasses.dataclass
class File:
    """A file that somebody chooses in a form."""

    field: str
    name: str
    content: bytes = PDF


class VettingOffice:
    """An account with a vetted company, and people who look at its orders."""

    def __init__(self, console: ConsoleDesk) -> None:
        """Open the account, enter its company and manager, and invite its user."""
        self.console, self.desk = console, console.desk
        self.keys: Keys = self.desk.account()
        self.client: Client = self.desk.client(self.keys)
        place = {"Uin": self.keys.uin}
        company = self.desk.operate("AddCompany", **place, **COMPANY)["CompanyId"]
        person = {"ManagerFirstName": "Ann", "ManagerLastName": "Lee", "Status": "ok"}
        manager = self.desk.operate("AddManager", **place, CompanyId=company, **person)
        self.material = {"CompanyId": str(company), "ManagerId": str(manager["ManagerId"])}

    def order(self, product: int, *, new_company: str = "") -> str:
        """Have an order wait for its review; return its certificate id.

        It is of the vetted company, or of a new one of that name.
        """
        bought = self.client.buy(product)
        names = {"CertCommonName": f"{uuid.uuid4().hex[:8]}.example.com"}
        new = {**ORGANISATION, **ADMIN, **TECH, "OrgOrganization": new_company}
        company = {"CompanyType": 2, "ContactEmail": None}
        its = new if new_company else self.material
        self.client.submit(bought, **company | names | its)
        self.client.call("CertificateOrderSubmit", CertId=bought)
        return bought

    def send_letter(self, order: str) -> None:
        """Upload the letter that an order waits for."""
        letter = base64.b64encode(PDF).decode()
        self.client.call("UploadConfirmLetter", CertificateId=order, ConfirmLetter=letter)

    def stands(self, order: str) -> str | None:
        """Return the StatusMsg of an order."""
        message = self.client.detail(order)["StatusMsg"]
        assert message is None or isinstance(message, str)
        return message

    def reviewer(self) -> tuple[Login, Visitor]:
        """Return a new reviewer, who is signed in."""
        login, path = self.console.invitation("reviewer")
        return login, self.console.accept(login, path)

    def applicant(self, *actions: str) -> tuple[Login, Visitor]:
        """Return a new user of the account who may do this, signed in."""
        login, path = self.console.invitation_of_user(self.keys, "", *(actions or ("*",)))
        return login, self.console.accept(login, path)


def page_of(order: str, part: str = "") -> str:
    """Return the path of the page of an order's review."""
    return f"/console/reviews/{quote(f'order:{order}')}{part}"


def send_files(visitor: Visitor, path: str, action: str, *files: File, **fields: str) -> Answer:
    """Send a form with files, as a browser does, without following the answer."""
    page = visitor.open(path)
    posting = [form for form in page.forms if form.method == "post"]
    (form,) = (
        form
        for form in posting
        if form.action.endswith(action) and bool(form.action) == bool(action)
    )
    values = {name: value for name, value in form.fields.items() if name == TOKEN} | fields
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in values.items()
    ]
    for file in files:
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{file.field}"; '
            f'filename="{file.name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        )
        parts.append(head.encode() + file.content + b"\r\n")
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    return visitor.send_raw(
        "POST",
        form.action or path,
        body,
        Content_Type=f"multipart/form-data; boundary={BOUNDARY}",
        Origin=visitor.origin,
        Sec_Fetch_Site="same-origin",
    )
