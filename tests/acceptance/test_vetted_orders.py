"""Orders that people vet, from the purchase to a TLS connection.

The official SDK orders, the operator's commands vet, openssl reads what was certified; the desk,
its name server and nginx run in processes of their own.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import connecting
from tests.acceptance.connecting import World, issued, publish, served, unpacked, waited
from tests.acceptance.office import Office
from tests.actions.submitting import ADMIN, IDENTITY, ORGANISATION, TECH
from tests.papers import PDF, pdf, stream
from tests.programs import run
from tests.running import Keys

OV, EV, CFCA, WITH_LETTER = 14, 20, 98, 9
NUMBER = "91440300MA5EXAMPLE"
ANOTHER = 65533
"""A user of the system who is not the one that runs the tests."""

VETTED = "C=CN,ST=Guangdong,L=Guangzhou,O=Example Trading Ltd"
TYPED = "C=CN,ST=Beijing,L=Beijing,O=Example Trading Ltd"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A desk where two people look at every EV order."""
    folder = tmp_path_factory.mktemp("vetting")
    with connecting.world(folder / "desk", "vetting.four_eyes = true\n") as opened:
        yield opened


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A product that people vet: what is handed in, who looks, and what is certified of it."""

    product: int
    name: str
    key: tuple[str, str] = ("ECC", "prime256v1")
    company: dict[str, object] | None = None
    people: int = 1
    letter: bytes | None = None
    subject: str
    policy: str = "2.23.140.1.2.2"


CASES = {
    "OV of a company that the operator entered": Case(
        product=OV, name="ov.example.com", company={}, subject=VETTED
    ),
    "EV of a company with a number, by two people": Case(
        product=EV,
        name="ev.example.net",
        key=("RSA", "2048"),
        company={"IdType": "OTHERS", "IdNumber": NUMBER},
        people=2,
        subject=f"businessCategory=Private Organization,jurisdictionC=CN,serialNumber={NUMBER},"
        + VETTED,
        policy="2.23.140.1.1",
    ),
    "CFCA with its six identity fields": Case(product=CFCA, name="cfca.example.org", subject=TYPED),
    "OV with a letter": Case(
        product=WITH_LETTER,
        name="letter.example.com",
        key=("RSA", "2048"),
        letter=PDF,
        subject=TYPED,
    ),
}


def material_of(office: Office, case: Case) -> dict[str, object]:
    """Give what is handed in: ids of what the operator entered, or everything typed."""
    key = dict(zip(("CsrEncryptAlgo", "CsrKeyParameter"), case.key, strict=True))
    if case.company is not None:
        return key | office.known(**case.company)
    identity = IDENTITY if case.product == CFCA else {}
    return {**key, **ORGANISATION, **ADMIN, **TECH, **identity}


def vet(office: Office, order: str, case: Case) -> None:
    """Have people vet an order and its manager, and see what it waits for at each stage."""
    assert office.stands(order) == (0, "PRE-REVIEWING")
    manager, subject = office.waiting()
    assert (manager.partition(":")[0], subject) == ("manager", f"order:{order}")
    shown = office.desk.certdesk("review", "show", subject)["Order"]
    assert shown["Names"] == [case.name]
    assert set(shown["Subject"]) <= set(case.subject.split(","))

    assert office.review("approve", manager)["Verdict"] == "approved"
    assert office.stands(order) == (0, "LEGAL-REVIEWING")
    if case.people > 1:
        assert office.review("approve", subject)["Verdict"] is None
        assert office.stands(order) == (0, "CA-REVIEWING")
        assert "a second person must" in office.refused("approve", subject)
    uid = ANOTHER if case.people > 1 else None
    assert office.review("approve", subject, uid=uid)["Verdict"] == "approved"
    assert office.stands(order) == (0, "PENDING-DCV")
    assert office.waiting() == []


def send_letter(office: Office, order: str, letter: bytes, folder: Path) -> None:
    """Upload the letter that an order waits for, and read it as those do who vet."""
    assert office.stands(order)[0] == 8
    assert office.waiting()[1:] == []
    text = base64.b64encode(letter).decode()
    sent = office.client.call("UploadConfirmLetter", CertificateId=order, ConfirmLetter=text)
    assert (sent["CertificateId"], sent["IsSuccess"]) == (order, True)
    file = folder / "letter.pdf"
    read = office.review("letter", f"order:{order}", "--output", str(file))
    assert (read["Form"], file.read_bytes()) == ("PDF", letter)


@pytest.mark.needs("nginx")
@pytest.mark.needs("openssl")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_vetted_order_ends_in_a_connection_that_its_root_verifies(
    world: World, case: Case, tmp_path: Path
) -> None:
    """Bought, vetted, proved, permitted, issued, served; its subject is what was vetted."""
    if case.people > 1 and os.geteuid() != 0:
        pytest.skip("only root can be two users of the system")
    office = Office(world)
    order = office.order(case.product, case.name, **material_of(office, case))
    if case.letter is not None:
        send_letter(office, order, case.letter, tmp_path)
    vet(office, order, case)

    world.names.add(case.name, "CAA", '0 issue ";"')
    publish(world, office.client.detail(order))
    waited(office.client, order, StatusMsg="WAIT-ISSUE", Status=0)
    world.names.remove(case.name, "CAA")
    detail = issued(office.client, order)

    inside = unpacked(office.client, order, tmp_path)
    (key,) = (tmp_path / name for name in inside if name.startswith("Nginx/2_"))
    shown = served(tmp_path, key, case.name, detail["RootCert"]["Standard"])
    (tmp_path / "leaf.der").write_bytes(shown)
    told = read_by_openssl(tmp_path / "leaf.der")
    assert f"subject={case.subject},CN={case.name}\n" in told
    assert case.policy in told
    assert "OU=" not in told


def read_by_openssl(file: Path) -> str:
    """Have openssl print a certificate's subject and policies."""
    words = ["-noout", "-subject", "-nameopt", "sep_comma_plus", "-ext", "certificatePolicies"]
    return run("openssl", "x509", "-inform", "DER", "-in", file, *words)


def test_a_second_order_of_a_vetted_company_waits_for_nobody(world: World) -> None:
    """Its names are all that is to be proved; an EV order is looked at by two people again."""
    office = Office(world)
    material = office.known()
    office.order(OV, "first.example.com", **material)
    office.approve_all()

    second = office.order(OV, "second.example.com", **material)
    assert office.stands(second) == (0, "PENDING-DCV")
    assert office.waiting() == []
    publish(world, office.client.detail(second))
    issued(office.client, second)

    extended = office.order(EV, "third.example.com", **material)
    assert office.stands(extended) == (0, "LEGAL-REVIEWING")
    assert office.waiting() == [f"order:{extended}"]


def test_a_rejected_manager_fails_the_order_which_is_submitted_again(world: World) -> None:
    """The reason is what whoever ordered reads; the manager is vetted anew."""
    office = Office(world)
    order = office.order(OV, "rejected.example.com", **office.known())
    manager, _ = office.waiting()
    decided = office.review("reject", manager, "--reason", "Nobody answers there.")
    assert (decided["Verdict"], decided["Failed"]) == ("rejected", [order])
    assert office.stands(order) == (2, "Nobody answers there.")
    assert office.waiting() == []

    office.client.call("ModifyCertificateResubmit", CertificateId=order)
    assert office.stands(order)[0] == 5
    office.client.call("CertificateOrderSubmit", CertId=order)
    assert office.waiting() == [manager, f"order:{order}"]
    office.approve_all()
    publish(world, office.client.detail(order))
    issued(office.client, order)


def test_a_rejected_order_is_submitted_again_and_its_manager_stays_vetted(world: World) -> None:
    """Names that were proved before are proved again, with new values."""
    office = Office(world)
    order = office.order(OV, "unwanted.example.com", **office.known())
    manager, subject = office.waiting()
    office.review("approve", manager)
    before = office.client.detail(order)["DvAuthDetail"]["DvAuths"][0]["DvAuthValue"]
    office.review("reject", subject, "--reason", "Not this name.")
    assert office.stands(order) == (2, "Not this name.")
    assert "it was already rejected" in office.refused("approve", subject)

    office.client.call("ModifyCertificateResubmit", CertificateId=order)
    office.client.call("CertificateOrderSubmit", CertId=order)
    assert office.stands(order) == (0, "PENDING-DCV")
    after = office.client.detail(order)["DvAuthDetail"]["DvAuths"][0]["DvAuthValue"]
    assert before != after
    publish(world, office.client.detail(order))
    issued(office.client, order)


def test_nothing_is_decided_that_nobody_asked_about(world: World) -> None:
    """Neither command says that it did something, and the order stays as it is."""
    office = Office(world)
    bought = office.client.buy(OV)
    subject = f"order:{bought}"
    assert "it does not wait for a review" in office.refused("approve", subject)
    why = ("--reason", "Not this name.")
    assert "it does not wait for a review" in office.refused("reject", subject, *why)
    assert office.stands(bought) == (5, None)
    assert office.desk.certdesk("review", "show", subject)["Verdict"] is None


def test_whoever_submitted_an_order_does_not_approve_it(world: World) -> None:
    """A user of the API by its name, in any case of its letters; somebody else may."""
    name = pwd.getpwuid(os.geteuid()).pw_name.upper()
    owner = Office(world)
    material = owner.known()
    user = owner.desk.certdesk("user", "add", name, "--uin", owner.keys.uin)["UserId"]
    added = owner.desk.certdesk("key", "add", owner.keys.uin, "--user", str(user))
    policy = owner.desk.certdesk("policy", "add", "all", "--uin", owner.keys.uin, "--allow", "*")
    owner.desk.certdesk("user", "attach", str(user), str(policy["PolicyId"]))
    keys = Keys(added["Uin"], added["SecretId"], added["SecretKey"])
    carol = Office(world, keys)
    order = carol.order(OV, "carol.example.com", **material)
    manager, subject = carol.waiting()
    owner.review("approve", manager)

    assert owner.desk.certdesk("review", "show", subject)["AskedBy"] == name
    assert "another person must approve it" in owner.refused("approve", subject)
    assert owner.stands(order) == (0, "LEGAL-REVIEWING")
    if os.geteuid() == 0:
        assert owner.review("approve", subject, uid=ANOTHER)["Verdict"] == "approved"


def test_what_the_letter_says_stands_nowhere_on_the_disk(world: World, tmp_path: Path) -> None:
    """It is kept encrypted, and written to a file of the reviewer's alone."""
    office = Office(world)
    typed: dict[str, object] = {**ORGANISATION, **ADMIN, **TECH}
    order = office.order(WITH_LETTER, "sealed.example.com", **typed)
    secret = b"the director signs for the domain"
    send_letter(office, order, pdf(stream(secret * 64)), tmp_path)

    assert (tmp_path / "letter.pdf").stat().st_mode & 0o777 == 0o600
    for file in office.desk.folder.rglob("*"):
        assert not (file.is_file() and secret in file.read_bytes()), file
    listed = office.client.call("DescribeCertificates", CertIds=[order])
    assert secret.decode() not in json.dumps(listed)
