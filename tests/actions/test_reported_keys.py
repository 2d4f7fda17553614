"""A key that an account reports without having shown it: nobody else loses anything by that.

A victim's CSR and certificate are public; whoever has them has not got the private key.
"""

from __future__ import annotations

import ast
import base64
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import certdesk
from certdesk.domain import errors
from certdesk.domain.errors import ServiceError
from certdesk.domain.orders.advice import status_msg
from certdesk.domain.values.keys import spki_sha256
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.ports import Unit
from certdesk.world.nameserver import NameServer
from tests import chains
from tests.actions.asking import becomes, publish
from tests.actions.shown_keys import show_key
from tests.actions.submitting import PERSONAL, csr_for, refusal
from tests.actions.test_compromised_keys import (
    CONDEMNED,
    hand_in,
    issue,
    issued,
    revoke,
    submit,
    work,
)
from tests.actions.vetting import DV, LETTER_OV, OV, ROOT, Desk
from tests.papers import PDF
from tests.rules import rules_with
from tests.running import Client, RunningDesk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk where people vet."""
    with Desk(tmp_path, rules_with(letter_products=frozenset({LETTER_OV}))) as opened:
        yield opened


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    """The victim's key."""
    return ec.generate_private_key(ec.SECP256R1())


def name_of(key: ec.EllipticCurvePrivateKey) -> str:
    """Name the review of a key."""
    return f"key:{spki_sha256(key.public_key()).hex()}"


# --- through the front door ----------------------------------------------------------------------


def test_a_strangers_csr_revokes_and_blocks_nothing_of_its_owner(
    proving: RunningDesk, names: NameServer, key: ec.EllipticCurvePrivateKey
) -> None:
    """Ordered and proved for the attacker's own domain, then revoked for `keyCompromise`."""
    victim, attacker = proving.client(), proving.client()
    good = issued(victim, names, key)
    mine = ordered_with(attacker, names, csr_for(key, None), "attacker.example.net")
    have_revoked(attacker, names, mine)

    assert victim.detail(good)["Status"] == 1
    assert victim.detail(issued(victim, names, key))["Status"] == 1
    code, message = refusal(lambda: ordered_with(attacker, names, csr_for(key, None), "a.net"))
    assert (code, "Csr: contains a blocked key" in message) == (
        "FailedOperation.InvalidParam",
        True,
    )
    listed = proving.certdesk("review", "list", "--json")
    assert (listed[-1]["Id"], listed[-1]["Kind"]) == (name_of(key), "key")
    shown = proving.certdesk("review", "show", name_of(key))["Key"]
    assert good in {each["CertificateId"] for each in shown["Certificates"]}
    assert mine not in {each["CertificateId"] for each in shown["Certificates"]}


def test_the_operator_decides_about_a_reported_key_by_its_attempt_alone(
    proving: RunningDesk, names: NameServer, key: ec.EllipticCurvePrivateKey
) -> None:
    """Approved, it is blocked for everybody, and all certificates for it are revoked."""
    victim, attacker = proving.client(), proving.client()
    good = issued(victim, names, key)
    mine = ordered_with(attacker, names, csr_for(key, None), "attacker.example.org")
    have_revoked(attacker, names, mine)
    attempt = proving.certdesk("review", "show", name_of(key))["Attempt"]
    for words in ((), ("--attempt", "0" * 32)):
        done = proving.run("review", "approve", name_of(key), *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert "InvalidParam" in done.stderr
    assert victim.detail(good)["Status"] == 1

    decided = proving.certdesk("review", "approve", name_of(key), "--attempt", attempt)
    assert decided["Verdict"] == "approved"
    becomes(10, lambda: victim.detail(good)["Status"])
    with pytest.raises(Exception, match="contains a blocked key"):
        issued(victim, names, key)


def ordered_with(client: Client, names: NameServer, csr: str, name: str) -> str:
    """Have a DV certificate issued for a CSR and a name of one's own."""
    order = client.buy(104)
    own = {"GenCsrType": "parse", "CsrEncryptAlgo": None, "CsrKeyParameter": None}
    client.submit(order, Csr=csr, CertCommonName=name, **own)
    client.call("CertificateOrderSubmit", CertId=order)
    publish(names, client.detail(order))
    becomes(1, lambda: client.detail(order)["Status"])
    return order


def have_revoked(client: Client, names: NameServer, order: str) -> None:
    """Have a certificate revoked for `keyCompromise`, its name proved anew."""
    reply = client.call("RevokeCertificate", CertificateId=order, Reason="keyCompromise")
    for auth in reply["RevokeDomainValidateAuths"]:
        names.add(auth["DomainValidateAuthKey"], "TXT", auth["DomainValidateAuthValue"])
    becomes(10, lambda: client.detail(order)["Status"])


# --- what counts as shown ------------------------------------------------------------------------


def test_a_key_that_the_desk_made_for_the_account_is_shown(desk: Desk) -> None:
    """Its owner can read it, so that its word counts for everybody."""
    stranger = desk.account()
    order = desk.buy(desk.caller, DV)
    desk.call(desk.caller, "CertificateInfoSubmit", CertId=order, **made_here())
    desk.call(desk.caller, "CertificateOrderSubmit", CertId=order)
    desk.take_on(order)
    other = issue_csr(desk, stranger, desk.submissions(order)[0].csr)
    revoke(desk, desk.caller, order, "keyCompromise")
    work(desk)
    assert (desk.stands(other), desk.waiting) == (CONDEMNED, [])


def made_here() -> dict[str, object]:
    """Give material for which the desk makes the key."""
    return {name: value for name, value in PERSONAL.items() if value is not None}


def issue_csr(desk: Desk, caller: Caller, csr: str) -> str:
    """Take a DV order with somebody's CSR to its certificate."""
    order = desk.buy(caller, DV)
    own = {"GenCsrType": "parse", "Csr": csr, "CsrEncryptAlgo": None, "CsrKeyParameter": None}
    material = {name: value for name, value in (PERSONAL | own).items() if value is not None}
    desk.call(caller, "CertificateInfoSubmit", CertId=order, **material)
    desk.call(caller, "CertificateOrderSubmit", CertId=order)
    desk.take_on(order)
    assert desk.stands(order) == (1, None)
    return order


def test_a_key_that_another_account_has_shown_is_not_shown(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """What one account uploaded, another has not."""
    victim = desk.account()
    show_key(functools.partial(desk.call, victim), key)
    good = issue(desk, victim, key)
    revoke(desk, desk.caller, issue(desk, desk.caller, key), "keyCompromise")
    work(desk)
    assert (desk.stands(good), desk.waiting) == ((1, None), [name_of(key)])


def test_a_ca_certificate_without_its_key_shows_nothing(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """It takes the private key; the certificate of a victim is public."""
    good = issue(desk, desk.account(), key)
    public = chains.certify(
        key.public_key(),
        chains.named("A CA"),
        issuer=chains.intermediate().certificate.subject,
        signing_key=chains.intermediate().key,
        extensions=(x509.BasicConstraints(ca=True, path_length=None),),
    )
    desk.call(
        desk.caller,
        "UploadCertificate",
        CertificatePublicKey=chains.pem(public),
        CertificateType="CA",
    )
    revoke(desk, desk.caller, issue(desk, desk.caller, key), "keyCompromise")
    work(desk)
    assert (desk.stands(good), desk.waiting) == ((1, None), [name_of(key)])


def test_a_private_key_that_only_names_the_victims_public_key_shows_nothing(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """PKCS#8 repeats the public key; what does not belong together is refused."""

    def point(of: ec.EllipticCurvePrivateKey) -> bytes:
        return of.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    own = ec.generate_private_key(ec.SECP256R1())
    der = own.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    forged = der.replace(point(own), point(key))
    assert forged != der
    body = base64.encodebytes(forged).decode()
    text = f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"
    leaf = chains.leaf(key, "www.example.com")
    with pytest.raises((errors.MissMatchPrivateKey, errors.CertificateMatchError)):
        desk.call(
            desk.caller,
            "UploadCertificate",
            CertificatePublicKey=chains.pem(leaf),
            CertificatePrivateKey=text,
        )


# --- the account itself --------------------------------------------------------------------------


def test_the_account_that_reported_it_uses_it_no_more(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """Its orders under way fail; its other certificates are not what it spoke of."""
    other, leaked = issue(desk, desk.caller, key), issue(desk, desk.caller, key)
    waiting = submit(desk, desk.caller, key, OV)
    foreign = submit(desk, desk.account(), key)
    revoke(desk, desk.caller, leaked, "keyCompromise")
    work(desk)
    assert [desk.stands(each)[0] for each in (leaked, other, waiting, foreign)] == [10, 1, 2, 1]
    with pytest.raises(errors.OrderReplaceFailed, match="The key is blocked"):
        desk.call(desk.caller, "ReplaceCertificate", CertificateId=other, ValidType="DNS")


def test_a_block_goes_with_a_certificate_to_another_account(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """What its owner said of the key, whoever takes it over is held to."""
    moved, leaked = issue(desk, desk.caller, key), issue(desk, desk.caller, key)
    revoke(desk, desk.caller, leaked, "keyCompromise")
    taker = desk.account()
    desk.operator("MoveOrder", CertificateId=moved, Uin=taker.uin)
    work(desk)
    assert desk.order(moved).uin == taker.uin
    with pytest.raises(errors.OrderReplaceFailed, match="The key is blocked"):
        desk.call(taker, "ReplaceCertificate", CertificateId=moved, ValidType="DNS")


# --- the operator --------------------------------------------------------------------------------


def test_keys_stand_last_on_the_list_and_are_rejected_for_the_reporter_alone(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """Whatever came in later stands before them; rejected, nothing changes for the others."""
    good = issue(desk, desk.account(), key)
    leaked = issue(desk, desk.caller, key)
    revoke(desk, desk.caller, leaked, "keyCompromise")
    work(desk)
    order = desk.submit(LETTER_OV)
    desk.letter(order, PDF)
    assert desk.waiting[-1] == name_of(key)
    assert len(desk.waiting) > 1
    desk.operator("RejectReview", Id=name_of(key), Reason="not its key")
    work(desk)
    assert desk.stands(good) == (1, None)
    assert name_of(key) not in desk.waiting
    with pytest.raises(errors.InvalidParam, match="contains a blocked key"):
        hand_in(desk, desk.caller, key)


def test_whoever_reported_a_key_does_not_approve_it(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """By the name that the system vouches for; the page can say so beforehand."""
    order = issue(desk, desk.caller, key)
    revoke(desk, desk.named("root"), order, "keyCompromise")
    shown = desk.operator_as(ROOT, "ShowReview", Id=name_of(key))
    assert (shown["MayDecide"], "root requested it" in shown["WhyNot"]) == (False, True)
    with pytest.raises(errors.InvalidParam, match="another person must approve it"):
        desk.operator_as(ROOT, "ApproveReview", Id=name_of(key), Attempt=shown["Attempt"])


def test_an_approval_of_what_has_changed_is_refused(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """A certificate that another account got meanwhile would be revoked unseen."""
    revoke(desk, desk.caller, issue(desk, desk.caller, key), "keyCompromise")
    (listed,) = desk.operator("ListReviews")["Reviews"]
    later = issue(desk, desk.account(), key)
    given = {"Id": name_of(key), "Attempt": listed["Attempt"]}
    with pytest.raises(errors.InvalidParam, match=f"Key.Certificates is .*{later}"):
        desk.operator("ApproveReview", **given)
    assert desk.stands(later) == (1, None)


def test_the_operator_is_told_of_a_key_that_is_in_force_in_another_account(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """In the story of the order and where it is vetted; no account is."""
    stranger = desk.account()
    first = issue(desk, stranger, key)
    second = issue(desk, desk.caller, key)
    for order, other in ((first, second), (second, first)):
        shown = desk.operator("ShowOrder", CertificateId=order)
        assert [each["CertificateId"] for each in shown["SameKey"]] == [other]
    assert desk.audit(second)[-1].detail == f"with {first} of account {stranger.uin}"
    logs = desk.call(desk.caller, "DescribeCertificateOperateLogs")["OperateLogs"]
    assert first not in str(logs)
    vetted = submit(desk, desk.caller, key, OV)
    same = desk.operator("ShowReview", Id=f"order:{vetted}")["Order"]["SameKey"]
    assert [each["CertificateId"] for each in same] == [first]


def test_few_of_many_certificates_with_one_key_are_read_when_another_is_issued(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """The note names five of them. What is issued for one key all the time stays as cheap."""
    stranger = desk.account()
    first = issue(desk, stranger, key)
    (kept,) = desk.store.read(lambda unit: unit.certificates.where(certificate_id=first))
    order = desk.order(first)

    def multiply(unit: Unit) -> None:
        for number in range(40):
            its = f"{first[:5]}{number:03}"
            unit.orders.add(replace(order, certificate_id=its, number=0))
            unit.certificates.add(replace(kept, certificate_id=its, serial=its))

    desk.store.write(multiply)
    issued = issue(desk, desk.caller, key)
    detail = desk.audit(issued)[-1].detail
    assert detail.count(f"of account {stranger.uin}") == 5
    assert detail.endswith(" and more")


def test_the_operator_who_revokes_for_a_known_key_is_told_what_goes_with_it(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """The operator's word counts for everybody, at once."""
    leaked, other = issue(desk, desk.caller, key), issue(desk, desk.account(), key)
    told = desk.operator("RevokeOrder", CertificateId=leaked, Reason="keyCompromise")
    assert told["CertificateIds"] == [other]
    work(desk)
    assert desk.stands(other) == CONDEMNED
    assert desk.waiting == []


def test_a_certificate_on_its_way_to_another_account_is_told_of_too(
    desk: Desk, key: ec.EllipticCurvePrivateKey
) -> None:
    """It is revoked when it has arrived; the list of blocked keys names it as well."""
    leaked, moving = issue(desk, desk.caller, key), issue(desk, desk.account(), key)
    digest = name_of(key).removeprefix("key:")
    desk.operator("MoveOrder", CertificateId=moving, Uin=desk.account().uin)
    assert desk.order(moving).moving
    told = desk.operator("RevokeOrder", CertificateId=leaked, Reason="keyCompromise")
    assert told["CertificateIds"] == [moving]
    blocked = desk.operator("CountBlockedKeys", Digest=digest)
    assert set(blocked["CertificateIds"]) == {leaked, moving}
    work(desk)
    assert desk.stands(moving) == CONDEMNED


# --- the kind ------------------------------------------------------------------------------------


REASONS = ("keyCompromise", "key leaked", "superseded", None)
DEEDS: dict[str, Callable[[Desk, Caller, str, str | None], object]] = {
    "revoke": lambda desk, caller, order, reason: revoke(desk, caller, order, reason or ""),
    "letter": lambda desk, _, order, __: desk.letter(order, PDF, "Revoke"),
    "approve": lambda desk, _, __, ___: desk.approve_all(),
    "delete": lambda desk, caller, order, _: desk.call(
        caller, "DeleteCertificate", CertificateId=order
    ),
    "reissue": lambda desk, caller, order, _: desk.call(
        caller, "ReplaceCertificate", CertificateId=order, ValidType="DNS"
    ),
    "work": lambda desk, _, __, ___: work(desk),
}
"""What an account may do with a certificate for a key that it does not have."""


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    product=st.sampled_from([DV, OV]),
    deeds=st.lists(
        st.tuples(st.sampled_from(sorted(DEEDS)), st.sampled_from(REASONS)), min_size=1, max_size=6
    ),
)
def test_nothing_that_a_stranger_does_with_a_key_reaches_its_owner(
    tmp_path_factory: pytest.TempPathFactory,
    product: int,
    deeds: list[tuple[str, str | None]],
) -> None:
    """Nor is anything about the owner's key told to the stranger."""
    told = []
    for owned in (True, False):
        key = ec.generate_private_key(ec.SECP256R1())
        with Desk(tmp_path_factory.mktemp("desk")) as desk:
            owner = desk.account()
            good = issue(desk, owner, key) if owned else ""
            order = issue(desk, desk.caller, key, product)
            told.append([_done(desk, order, *deed) for deed in (*deeds, ("work", None))])
            if owned:
                assert desk.stands(good) == (1, None)
                assert desk.stands(hand_in(desk, owner, key)) == (5, None)
    assert told[0] == told[1]


def _done(desk: Desk, order: str, deed: str, reason: str | None) -> object:
    """Do it, if it can be done; give what the account learns, ids and values aside."""
    try:
        DEEDS[deed](desk, desk.caller, order, reason)
    except ServiceError as refused:
        message = refused.message
        for each in desk.store.read(lambda unit: unit.orders.where()):
            message = message.replace(each.certificate_id, "")
        return refused.code, message
    found = desk.store.read(lambda unit: unit.orders.get(order))
    return None if found is None else (found.status, status_msg(found))


def _finds_by_key(node: ast.AST) -> bool:
    """Whether a piece of code reads the records of any account that have a key."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    words = {word.arg for word in node.keywords}
    return node.func.attr == "where" and "spki_sha256" in words and "uin" not in words


def test_what_acts_on_a_key_across_accounts_is_in_one_place() -> None:
    """A new reader or writer of it has to go through there, and by an account."""
    root = Path(certdesk.__file__).parent
    found = set()
    for file in root.rglob("*.py"):
        inside = file.relative_to(root).as_posix()
        if inside.split("/")[0] in ("storage", "testing"):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            reads = isinstance(node, ast.Attribute) and node.attr == "blocked_keys"
            if reads or _finds_by_key(node):
                found.add(inside)
    assert found == {"ports/blocking.py"}
