"""What the demo does: the steps in order, each as a user of the desk would take it."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from rich.console import RenderableType
from rich.text import Text
from tencentcloud.common.abstract_model import AbstractModel
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.ssl.v20191205 import models
from tencentcloud.ssl.v20191205.ssl_client import SslClient

from demo import secrecy
from demo.shown import KEPT_NAMES, MASKED_NAMES, ShownBack, masked
from demo.stage import DeskProcess, StepFailed

HERE = Path(__file__).parent
REPLY_SECONDS = 20
PUBLIC = ("domain name", b"tencent.com")
"""Kept in the clear, and so a proof that the search for secrets does find what is there."""


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
    keys: dict[str, str] = dataclasses.field(default_factory=dict)
    company_id: int = 0
    manager_id: int = 0
    orders: dict[int, str] = dataclasses.field(default_factory=dict)
    details: dict[int, AbstractModel] = dataclasses.field(default_factory=dict)

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

    def detail(self, example: Example) -> AbstractModel:
        """Read an order back."""
        order = self.orders[example.number]
        return self.call("DescribeCertificateDetail", {"CertificateId": order})


Said: TypeAlias = Iterator[RenderableType]
Step: TypeAlias = Callable[[Scene], Said]


def start(scene: Scene) -> Said:
    """Start the desk on a free port."""
    yield typed(f"certdesk serve --data {scene.desk.data} --listen 127.0.0.1:0")
    scene.desk.start()
    yield told(f"It answers on http://{scene.desk.endpoint}.")
    yield told("The commands below have the same --data, which is left out.")


def open_account(scene: Scene) -> Said:
    """Let the operator open an account."""
    yield typed('certdesk account add "Web team"')
    scene.keys = scene.desk.operate("account", "add", "Web team")
    expect(scene.keys.keys() >= {"Uin", "SecretId", "SecretKey"}, f"it has {list(scene.keys)}")
    yield told(f"Account {scene.keys['Uin']}, SecretId {scene.keys['SecretId']}.")
    yield told("Its SecretKey was shown this once; the desk keeps it encrypted.")


def enter_parties(scene: Scene) -> Said:
    """Let the operator enter a company, and a manager who is vetted already."""
    owner = ("--uin", scene.keys["Uin"])
    yield typed(f"certdesk company add @demo/company.json {' '.join(owner)}")
    company = scene.desk.operate("company", "add", f"@{HERE / 'company.json'}", *owner)
    scene.company_id = int(company["CompanyId"])
    place = (*owner, "--company", str(scene.company_id), "--status", "ok")
    yield typed(f"certdesk manager add @demo/manager.json {' '.join(place)}")
    manager = scene.desk.operate("manager", "add", f"@{HERE / 'manager.json'}", *place)
    scene.manager_id = int(manager["ManagerId"])
    yield told(f"CompanyId {scene.company_id}, ManagerId {scene.manager_id}.")


def buy(scene: Scene) -> Said:
    """Buy an order for each example."""
    for example in EXAMPLES:
        wanted = {"ProductId": example.product, "DomainNum": 1, "TimeSpan": 1}
        yield asked("CreateCertificate", wanted)
        (order,) = scene.call("CreateCertificate", wanted).CertificateIds
        scene.orders[example.number] = order
    yield told(f"Orders {', '.join(scene.orders.values())}; each waits for its material.")


def hand_in(example: Example, scene: Scene) -> Said:
    """Hand in the material of an order."""
    material = scene.material(example)
    others = len(material) - 3
    wanted = {name: material[name] for name in ("CertId", "GenCsrType", "CertCommonName")}
    yield asked(
        "CertificateInfoSubmit", wanted, f"and {others} more from demo/examples/{example.file}.json"
    )
    reply = scene.call("CertificateInfoSubmit", material)
    expect(bool(reply.RequestId), "the reply has no RequestId")
    yield told(f"Taken, and on disk before the answer: RequestId {reply.RequestId}.")


def read_back(scene: Scene) -> Said:
    """Read the orders back, and hold what is shown against what was handed in."""
    for example in EXAMPLES:
        yield asked("DescribeCertificateDetail", {"CertificateId": scene.orders[example.number]})
        detail = scene.details[example.number] = scene.detail(example)
        check_submitted(detail.SubmittedData, scene.material(example))
        check_key(detail, scene.material(example))
    yield ShownBack([(f"Example {number}", detail) for number, detail in scene.details.items()])


def check_submitted(shown: AbstractModel, given: dict[str, Any]) -> None:
    """Check that what was handed in is shown, telephone numbers masked, the pass phrase not."""
    for name, parameter in KEPT_NAMES.items():
        expect_equal(name, getattr(shown, name), given[parameter])
    for name, parameter in MASKED_NAMES.items():
        expect_equal(name, getattr(shown, name), masked(given[parameter]))
    expect_equal("KeyPassword", shown.KeyPassword, None)


def check_key(detail: AbstractModel, given: dict[str, Any]) -> None:
    """Check that the CSR is the one handed in, or one that fits the key that the desk made."""
    csr = detail.SubmittedData.CsrContent
    if given["GenCsrType"] == "parse":
        expect_equal("the CSR", csr, given["Csr"])
        expect_equal("the private key", detail.CertificatePrivateKey, None)
        return
    private_key = load_pem_private_key(detail.CertificatePrivateKey.encode(), None)
    request = x509.load_pem_x509_csr(csr.encode())
    expect(request.public_key() == private_key.public_key(), "the CSR is of another key")


def search_files(scene: Scene) -> Said:
    """Look for secrets in the desk's files, database and log among them."""
    secrets = [("SecretKey", scene.keys["SecretKey"].encode())]
    for example in EXAMPLES:
        secrets += secrecy.of_material(scene.material(example))
        secrets += secrecy.of_private_key(scene.details[example.number].CertificatePrivateKey)
    files = secrecy.read_files(scene.desk.folder)
    found = [f"{kind} in {file}" for kind, file in secrecy.search(files, secrets)]
    expect(not found, f"there in the clear: {', '.join(found)}")
    expect(any(secrecy.search(files, [PUBLIC])), f"the search finds no {PUBLIC[0]} either")
    size = sum(map(len, files.values())) // 1024
    yield told(f"Searched {', '.join(files)} ({size} KiB).")
    yield told(f"In the clear: {PUBLIC[0]}.")
    yield told(f"Not in the clear: {', '.join(dict.fromkeys(kind for kind, _ in secrets))}.")


def be_refused(scene: Scene) -> Said:
    """Hand in a CSR for another name, which is refused and changes nothing."""
    example = EXAMPLES[2]
    material = scene.material(example) | {"CertCommonName": "example.org"}
    wanted = {name: material[name] for name in ("CertId", "GenCsrType", "CertCommonName")}
    yield asked("CertificateInfoSubmit", wanted, "and the CSR for tencent.com")
    try:
        scene.call("CertificateInfoSubmit", material)
    except TencentCloudSDKException as refused:
        yield told(f"{refused.code}: {refused.message}", "yellow")
        expect_equal("the code", refused.code, "FailedOperation.InvalidParam")
        expect("example.org" in refused.message, "the message does not name the domain")
    else:
        raise StepFailed("it was accepted")
    expect_same(scene, example)
    yield told("The order still has the material from before.")


def crash(scene: Scene) -> Said:
    """Kill the desk without warning, start it again, and find everything."""
    yield typed(f"kill -9 {scene.desk.pid}")
    scene.desk.kill()
    yield typed("certdesk serve --listen 127.0.0.1:0")
    scene.desk.start()
    for example in EXAMPLES:
        expect_same(scene, example)
    yield told(f"It answers on http://{scene.desk.endpoint}, and all three orders are as before.")


STEPS: tuple[tuple[str, Step], ...] = (
    ("Start a desk", start),
    ("Open an account", open_account),
    ("Enter a company and a vetted manager", enter_parties),
    ("Buy three orders", buy),
    *((example.title, functools.partial(hand_in, example)) for example in EXAMPLES),
    ("Read them back", read_back),
    ("Look for secrets in the desk's files", search_files),
    ("Hand in a CSR for another name, and be refused", be_refused),
    ("Kill the desk, start it again", crash),
)
"""The whole demo."""


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Fail the step unless something holds."""
    if not holds:
        raise StepFailed(otherwise)


def expect_equal(what: str, found: object, wanted: object) -> None:
    """Fail the step unless a value is as it should be."""
    expect(found == wanted, f"{what} is {found!r}, and should be {wanted!r}")


def expect_same(scene: Scene, example: Example) -> None:
    """Fail the step unless an order reads as it did before."""
    before, now = scene.details[example.number], scene.detail(example)
    now.RequestId = before.RequestId
    expect_equal(f"example {example.number}", now.to_json_string(), before.to_json_string())


def reason(error: Exception) -> str:
    """Word what ended a step."""
    if isinstance(error, TencentCloudSDKException):
        return f"{error.code}: {error.message}"
    return str(error) if isinstance(error, StepFailed) else f"{type(error).__name__}: {error}"


def typed(command: str) -> Text:
    """Show a command."""
    return Text(f"$ {command}", "cyan")


def asked(action: str, parameters: dict[str, Any], more: str = "") -> Text:
    """Show a call of the SDK."""
    return Text(f"> {action} {json.dumps(parameters)} {more}".rstrip(), "cyan")


def told(text: str, style: str = "") -> Text:
    """Show what came of it."""
    return Text(text, style)
