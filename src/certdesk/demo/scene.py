"""What the steps share: the desk, its customer's calls, and the results for later steps."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from certdesk.demo.shown import Detail
from certdesk.demo.stage import DeskProcess, StepFailed
from certdesk.domain.values.secret import Secret
from certdesk.web import client
from certdesk.web.client import Credentials
from certdesk.world.files import World

HERE = Path(__file__).parent


class Refused(StepFailed):
    """The desk refused a call; the text is the error's code and message."""

    def __init__(self, code: str, message: str) -> None:
        """Store both."""
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


@dataclasses.dataclass(frozen=True)
class Example:
    """One of the examples on the vendor's page, and the product that it is submitted for."""

    number: int
    file: str
    product: int
    level: str
    key: str

    @property
    def title(self) -> str:
        """A title of what is submitted."""
        return f"Send the material of example {self.number}: {self.level}, {self.key}"


EXAMPLES = (
    Example(1, "online_with_ids", 98, "CFCA OV with identity numbers", "the desk makes the key"),
    Example(2, "online_company_type_text", 25, "WoTrus DV", "the desk makes the key, with KeyPass"),
    Example(3, "parse_uploaded_csr", 18, "GlobalSign OV", "with your own CSR"),
)


@dataclasses.dataclass
class Scene:
    """The desk, and the results for later steps; orders and details are by example number."""

    desk: DeskProcess
    world: World
    keys: dict[str, str] = dataclasses.field(default_factory=dict)
    company_id: int = 0
    manager_id: int = 0
    orders: dict[int, str] = dataclasses.field(default_factory=dict)
    details: dict[int, Detail] = dataclasses.field(default_factory=dict)
    wanted: dict[str, str] = dataclasses.field(default_factory=dict)
    """Orders by the name of their certificate."""
    zips: dict[str, bytes] = dataclasses.field(default_factory=dict)
    """The downloaded zip for each name."""

    def call(self, action: str, parameters: dict[str, Any]) -> Detail:
        """Call an action of the API, signed as by any client.

        Raises:
            Refused: the reply is an error.
        """
        keys = Credentials(self.keys["SecretId"], Secret(self.keys["SecretKey"]))
        reply = client.call(f"http://{self.desk.endpoint}", keys, action, parameters)
        if "Error" in reply:
            raise Refused(reply["Error"]["Code"], reply["Error"]["Message"])
        return reply

    def material(self, example: Example) -> dict[str, Any]:
        """Read an example, with this desk's ids in place of the page's."""
        given: dict[str, Any] = json.loads((HERE / "examples" / f"{example.file}.json").read_text())
        return given | {
            "CertId": self.orders[example.number],
            "CompanyId": str(self.company_id),
            "ManagerId": str(self.manager_id),
        }

    def detail(self, order: str) -> Detail:
        """Read an order back."""
        return self.call("DescribeCertificateDetail", {"CertificateId": order})
