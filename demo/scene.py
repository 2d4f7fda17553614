"""What the steps share: the desk, the calls of its customer, and what one leaves for the next."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from tencentcloud.common.abstract_model import AbstractModel
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.ssl.v20191205 import models
from tencentcloud.ssl.v20191205.ssl_client import SslClient

from demo.stage import DeskProcess
from demo.world import World

HERE = Path(__file__).parent
REPLY_SECONDS = 20


@dataclasses.dataclass(frozen=True)
class Example:
    """One of the worked examples of the vendor's page, and the product that it is handed in for."""

    number: int
    file: str
    product: int
    level: str
    key: str

    @property
    def title(self) -> str:
        """What is handed in, in words."""
        return f"Hand in example {self.number}: {self.level}, {self.key}"


EXAMPLES = (
    Example(1, "online_with_ids", 98, "CFCA OV with identity numbers", "the desk makes the key"),
    Example(2, "online_company_type_text", 25, "WoTrus DV", "the desk makes the key, with KeyPass"),
    Example(3, "parse_uploaded_csr", 18, "GlobalSign OV", "with a CSR of one's own"),
)


@dataclasses.dataclass
class Scene:
    """The desk, and what one step leaves for the next; orders and details by example number."""

    desk: DeskProcess
    world: World
    keys: dict[str, str] = dataclasses.field(default_factory=dict)
    company_id: int = 0
    manager_id: int = 0
    orders: dict[int, str] = dataclasses.field(default_factory=dict)
    details: dict[int, AbstractModel] = dataclasses.field(default_factory=dict)
    wanted: dict[str, str] = dataclasses.field(default_factory=dict)
    """Orders by the name that they are to have a certificate for."""
    zips: dict[str, bytes] = dataclasses.field(default_factory=dict)
    """What was downloaded for a name."""

    def call(self, action: str, parameters: dict[str, Any]) -> AbstractModel:
        """Call an action through the typed client of the official SDK, as any program would."""
        http = HttpProfile(protocol="http", endpoint=self.desk.endpoint, reqTimeout=REPLY_SECONDS)
        keys = Credential(self.keys["SecretId"], self.keys["SecretKey"])
        client = SslClient(keys, "", ClientProfile(httpProfile=http))
        request = getattr(models, f"{action}Request")()
        request.from_json_string(json.dumps(parameters))
        return getattr(client, action)(request)

    def material(self, example: Example) -> dict[str, Any]:
        """Read an example, with the ids of this desk in the place of the page's."""
        given: dict[str, Any] = json.loads((HERE / "examples" / f"{example.file}.json").read_text())
        return given | {
            "CertId": self.orders[example.number],
            "CompanyId": str(self.company_id),
            "ManagerId": str(self.manager_id),
        }

    def detail(self, order: str) -> AbstractModel:
        """Read an order back."""
        return self.call("DescribeCertificateDetail", {"CertificateId": order})
