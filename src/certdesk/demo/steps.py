"""The steps of the demo in order, each as a user of the desk would do it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certdesk.demo import secrecy
from certdesk.demo.issuing import download, order, publish, verify
from certdesk.demo.scene import EXAMPLES, HERE, Example, Refused, Scene
from certdesk.demo.shown import KEPT_NAMES, PHONE_NAMES, Detail, ShownBack
from certdesk.demo.stage import StepFailed
from certdesk.demo.telling import Said, asked, expect, expect_equal, told, typed

PUBLIC = ("domain name", b"tencent.com")
"""Stored in clear text, to prove that the search finds what is there."""

Step: TypeAlias = Callable[[Scene], Said]


def start(scene: Scene) -> Said:
    """Start the desk on a free port."""
    yield told("A name server and a web server on this machine act as the Internet.")
    options = f"--data {scene.desk.data} --config {scene.world.settings}"
    yield typed(f"certdesk serve {options} --listen 127.0.0.1:0")
    scene.desk.start()
    yield told(f"It answers on http://{scene.desk.endpoint}.")
    yield told("The commands below use the same --data and --config.")


def enter(scene: Scene) -> Said:
    """Open an account as the operator, and add a company and a vetted manager."""
    yield typed('certdesk account add "Web team"')
    scene.keys = scene.desk.operate("account", "add", "Web team")
    expect(scene.keys.keys() >= {"Uin", "SecretId", "SecretKey"}, f"it has {list(scene.keys)}")
    yield told(f"SecretId {scene.keys['SecretId']}; the desk shows the SecretKey only once.")
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
        (order,) = scene.call("CreateCertificate", wanted)["CertificateIds"]
        scene.orders[example.number] = order
    yield told(f"Orders {', '.join(scene.orders.values())}; each waits for its material.")


def submit(example: Example, scene: Scene) -> Said:
    """Submit the material of an order."""
    material = scene.material(example)
    others = len(material) - 3
    wanted = {name: material[name] for name in ("CertId", "GenCsrType", "CertCommonName")}
    yield asked(
        "CertificateInfoSubmit", wanted, f"and {others} more from the example {example.file}"
    )
    reply = scene.call("CertificateInfoSubmit", material)
    expect(bool(reply["RequestId"]), "the reply has no RequestId")
    yield told(f"Stored on disk before the answer: RequestId {reply['RequestId']}.")


def read_back(scene: Scene) -> Said:
    """Read the orders back, and compare what is shown with what was submitted."""
    for example in EXAMPLES:
        bought = scene.orders[example.number]
        yield asked("DescribeCertificateDetail", {"CertificateId": bought})
        detail = scene.details[example.number] = scene.detail(bought)
        check_submitted(detail["SubmittedData"], scene.material(example))
        check_key(detail, scene.material(example))
    yield ShownBack([(f"Example {number}", detail) for number, detail in scene.details.items()])


def check_submitted(shown: Detail, given: dict[str, Any]) -> None:
    """Check that everything submitted is shown, except the pass phrase."""
    for name, parameter in (KEPT_NAMES | PHONE_NAMES).items():
        expect_equal(name, shown[name], given[parameter])
    expect_equal("KeyPassword", shown["KeyPassword"], "")


def check_key(detail: Detail, given: dict[str, Any]) -> None:
    """Check that the CSR is the submitted one, or that the desk made its own key."""
    csr = detail["SubmittedData"]["CsrContent"]
    if given["GenCsrType"] == "parse":
        expect_equal("the CSR", csr, given["Csr"])
        expect_equal("the private key", detail["CertificatePrivateKey"], None)
        return
    expect_equal("the CSR", csr, "")
    load_pem_private_key(detail["CertificatePrivateKey"].encode(), None)


def search_files(scene: Scene) -> Said:
    """Search the desk's files, including database and log, for secrets."""
    secrets = [("SecretKey", scene.keys["SecretKey"].encode())]
    for example in EXAMPLES:
        secrets += secrecy.of_material(scene.material(example))
        secrets += secrecy.of_private_key(scene.details[example.number]["CertificatePrivateKey"])
    files = secrecy.read_files(scene.desk.folder)
    found = [f"{kind} in {file}" for kind, file in secrecy.search(files, secrets)]
    expect(not found, f"found unencrypted: {', '.join(found)}")
    expect(any(secrecy.search(files, [PUBLIC])), f"the search finds no {PUBLIC[0]} either")
    size = sum(map(len, files.values())) // 1024
    yield told(f"Searched {', '.join(files)} ({size} KiB).")
    yield told(f"Unencrypted: {PUBLIC[0]}.")
    yield told(f"Never unencrypted: {', '.join(dict.fromkeys(kind for kind, _ in secrets))}.")


def be_refused(scene: Scene) -> Said:
    """Send a CSR for another name, which the desk refuses without changing the order."""
    example = EXAMPLES[2]
    material = scene.material(example) | {"CertCommonName": "example.org"}
    wanted = {name: material[name] for name in ("CertId", "GenCsrType", "CertCommonName")}
    yield asked("CertificateInfoSubmit", wanted, "and the CSR for tencent.com")
    try:
        scene.call("CertificateInfoSubmit", material)
    except Refused as refused:
        yield told(f"{refused.code}: {refused.message}", "yellow")
        expect_equal("the code", refused.code, "FailedOperation.InvalidParam")
        expect("example.org" in refused.message, "the message does not name the domain")
    else:
        raise StepFailed("the desk accepted it")
    expect_same(scene, example)
    yield told("The order keeps its material.")


def crash(scene: Scene) -> Said:
    """Kill the desk without warning, restart it, and find everything intact."""
    yield typed(f"kill -9 {scene.desk.pid}")
    scene.desk.kill()
    yield typed("certdesk serve --listen 127.0.0.1:0")
    scene.desk.start()
    for example in EXAMPLES:
        expect_same(scene, example)
    yield told(f"It answers on http://{scene.desk.endpoint}, and all three orders are there.")


STEPS: tuple[tuple[str, Step], ...] = (
    ("Start a desk", start),
    ("Open an account; enter a company and a vetted manager", enter),
    ("Buy three orders", buy),
    *((example.title, functools.partial(submit, example)) for example in EXAMPLES),
    ("Read the orders back", read_back),
    ("Search the desk's files for secrets", search_files),
    ("Send a CSR for another name: the desk refuses it", be_refused),
    ("Kill the desk and start it again", crash),
    ("Submit two more orders to the CA", order),
    ("Publish the record and the file, wait for the certificates", publish),
    ("Download the certificates", download),
    ("Verify the certificates", verify),
)
"""The whole demo."""


def expect_same(scene: Scene, example: Example) -> None:
    """Fail the step unless an order reads as it did before."""
    before = scene.details[example.number]
    now = scene.detail(scene.orders[example.number])
    now["RequestId"] = before["RequestId"]
    expect_equal(f"example {example.number}", now, before)
