"""What policies deny for a certificate stays denied for all that comes from it."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from certdesk import bootstrap
from certdesk.actions.orders.download import FetchDownloadReply
from certdesk.bootstrap.housekeeping import retention_of
from certdesk.domain.accounts.policy import READ_KEY, READ_PERSONAL
from certdesk.domain.errors import AuthError, ServiceError
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.people.role import Role
from certdesk.domain.values.keys import PrivateKey
from certdesk.domain.values.record import replace
from certdesk.engine import Caller
from certdesk.settings import Settings
from certdesk.web.guard import Guard
from certdesk.wire.decode import decode
from certdesk.workflow.retention.records import RecordRetention
from tests import chains
from tests.actions.downloading import Place, download, fetch, link
from tests.actions.submitting import ADMIN, refusal
from tests.deliveries import members
from tests.inside import InsideDesk
from tests.workflow.renewing import NAME, LeftAlone

WAYS = (("nginx", False), ("nginx", True), ("jks", False))
"""Kinds of servers that the key is fetched for by a link, and whether the one in force is meant."""

DAY = timedelta(days=1)
FREE = 83


# --- through the front door -----------------------------------------------------------------------


def test_a_denied_key_is_not_handed_out_by_a_reissue(place: Place) -> None:
    """The reissue has the same key under another id."""
    user = place.desk.user(place.keys, "ssl:*")
    place.desk.bind(user, "deny", READ_KEY, certificates=[place.passed])
    theirs = place.desk.client(user.keys)
    reply = theirs.call("ReplaceCertificate", CertificateId=place.passed, ValidType="DNS")
    fresh = str(reply["CertificateId"])
    assert place.client.detail(fresh)["CertificatePrivateKey"] is not None
    assert theirs.detail(fresh)["CertificatePrivateKey"] is None


def test_a_denied_key_is_not_handed_out_in_another_project(place: Place) -> None:
    """Whoever may not read it may move the order all the same; the account's move frees it."""
    client, denied, free = place.client, place.desk.project(place.keys), 0
    client.call("ModifyCertificateProject", CertificateIdList=[place.online], ProjectId=denied)
    user = place.desk.user(place.keys, "ssl:*")
    place.desk.bind(user, "deny", READ_KEY, projects=[denied])
    theirs = place.desk.client(user.keys)
    moved = theirs.call(
        "ModifyCertificateProject", CertificateIdList=[place.online], ProjectId=free
    )
    assert moved["SuccessCertificates"] == [place.online]
    assert theirs.detail(place.online)["CertificatePrivateKey"] is None
    assert refusal(lambda: download(theirs, place.online))[0] == "FailedOperation.AuthError"
    assert refusal(lambda: link(theirs, place.online))[0].endswith("NotAllowDownload")
    client.call("ModifyCertificateProject", CertificateIdList=[place.online], ProjectId=free)
    assert theirs.detail(place.online)["CertificatePrivateKey"] is not None


def test_a_key_that_was_made_in_a_denied_project_stays_there(place: Place) -> None:
    """Though somebody who may not read keys brought the order, and somebody else takes it away."""
    desk, client, denied = place.desk, place.client, place.desk.project(place.keys)
    reader = desk.user(place.keys, "ssl:*")
    desk.bind(reader, "deny", READ_KEY, projects=[denied])
    mover = desk.user(place.keys, "ssl:ModifyCertificateProject")
    theirs, carrying = desk.client(reader.keys), desk.client(mover.keys)
    order = client.buy()
    client.submit(order)
    carrying.call("ModifyCertificateProject", CertificateIdList=[order], ProjectId=denied)
    client.submit(order)

    theirs.call("ModifyCertificateProject", CertificateIdList=[order], ProjectId=0)

    assert client.detail(order)["CertificatePrivateKey"] is not None
    assert theirs.detail(order)["CertificatePrivateKey"] is None


def test_a_link_that_was_made_before_ends_with_the_denial_of_what_came_before(
    place: Place,
) -> None:
    """It leads to an upload of the same key, and the denial names the certificate of before."""
    user = place.desk.user(place.keys, "ssl:*")
    theirs = place.desk.client(user.keys)
    key = place.client.detail(place.online)["CertificatePrivateKey"]
    again = place.client.call("UploadCertificate", **upload_of(key, "other.example.com"))
    url, _ = link(theirs, again["CertificateId"])
    assert fetch(url)[0] == 200
    place.desk.bind(user, "deny", READ_KEY, certificates=[place.online])
    assert download_becomes_refused(lambda: fetch(url)[0])


def download_becomes_refused(status: Callable[[], int]) -> bool:
    """Whether a link ends within the second in which a policy has to count."""
    return any(status() == 404 for _ in range(50))


# --- over random chains ---------------------------------------------------------------------------


def upload_of(key: str, name: str) -> dict[str, object]:
    """Give the parameters to upload a certificate for a private key."""
    own = load_pem_private_key(key.encode(), None)
    assert isinstance(own, PrivateKey)
    certificate = chains.leaf(own, name)
    text = chains.pem(certificate, chains.intermediate().certificate)
    return {"CertificatePublicKey": text, "CertificatePrivateKey": key}


@dataclasses.dataclass
class Family:
    """A certificate of an account with three projects, and all that comes from it."""

    left: LeftAlone
    user: Caller
    other: Caller
    projects: tuple[int, ...]
    ids: list[str]
    key: str

    @property
    def desk(self) -> InsideDesk:
        """The desk."""
        return self.left.desk

    def ask(self, caller: Caller, action: str, **parameters: object) -> dict[str, object]:
        """Carry out an action; nothing where it is refused."""
        with contextlib.suppress(ServiceError):
            return self.desk.call(caller, action, **parameters)
        return {}

    def catch_up(self) -> None:
        """Take on everything there is, and count in what the desk made of it."""
        self.left.work()
        known = set(self.ids)
        orders = self.desk.store.read(lambda unit: unit.orders.where(uin=self.left.caller.uin))
        for order in sorted(orders, key=lambda each: each.number):
            if known & {order.renews, order.replaces}:
                known.add(order.certificate_id)
                if order.certificate_id not in self.ids:
                    self.ids.append(order.certificate_id)

    def read_by(self, caller: Caller, certificate_id: str) -> list[str]:
        """Try all ways to a private key; give the keys that came of it."""
        found = [
            self.ask(caller, "DescribeCertificateDetail", CertificateId=certificate_id).get(
                "CertificatePrivateKey"
            )
        ]
        zipped = self.ask(caller, "DownloadCertificate", CertificateId=certificate_id)
        if zipped:
            found += _keys_in(base64.b64decode(str(zipped["Content"])))
        for kind, current in WAYS:
            found += _keys_in(self._fetched(caller, certificate_id, kind, current=current))
        return [str(key) for key in found if key]

    def _fetched(
        self, caller: Caller, certificate_id: str, kind: str, *, current: bool
    ) -> bytes | None:
        action = bootstrap.actions().find("FetchDownload", internal=True)
        assert action is not None
        asked = {
            "CertificateId": certificate_id,
            "ServiceType": kind,
            "Filename": f"{NAME}_{kind}.zip",
            "Current": current,
        }
        with contextlib.suppress(ServiceError):
            request = decode(asked, action.request)
            reply = self.desk.engine.perform(action, caller, request, str(uuid.uuid4()))
            assert isinstance(reply, FetchDownloadReply)
            return reply.content
        return None


def _keys_in(zipped: bytes | None) -> list[str]:
    """Give the key files and the key stores of a zip: what needs the key to be made."""
    files = members(zipped) if zipped else {}
    return [
        data.decode("latin-1")
        for name, data in files.items()
        if name.endswith((".key", ".pfx", ".jks"))
    ]


def user_of(desk: InsideDesk, uin: str) -> Caller:
    """Enter a user of an account, with a key, whom no policy binds yet."""
    number = desk.operator("AddUser", Uin=uin, Name="denied")["UserId"]
    added = desk.operator("AddKey", Uin=uin, UserId=number)
    return Caller(uin=uin, actor=added["SecretId"], verified=True, user_id=number, role=Role.USER)


@contextlib.contextmanager
def family(product: int) -> Iterator[Family]:
    """Open a desk with an issued certificate in project 1 of three."""
    with tempfile.TemporaryDirectory() as folder, InsideDesk(Path(folder)) as desk:
        left = LeftAlone(desk, desk.account())
        left.publish()
        uin = left.caller.uin
        projects = (
            0,
            *(desk.operator("AddProject", Uin=uin, Name=f"p{n}")["ProjectId"] for n in (1, 2)),
        )
        if product == FREE:
            applied = {"DvAuthMethod": "DNS", "DomainName": NAME, "ProjectId": projects[1]}
            first = str(desk.call(left.caller, "ApplyCertificate", **applied)["CertificateId"])
            left.work()
        else:
            first = left.issue(years=2, product=product)
            moved = {"CertificateIdList": [first], "ProjectId": projects[1]}
            desk.call(left.caller, "ModifyCertificateProject", **moved)
        detail = desk.call(left.caller, "DescribeCertificateDetail", CertificateId=first)
        yield Family(
            left=left,
            user=user_of(desk, uin),
            other=desk.account(),
            projects=projects,
            ids=[first],
            key=detail["CertificatePrivateKey"],
        )


def bound(its: Family, *policies: Mapping[str, object]) -> Family:
    """Bind the user by policies."""
    return dataclasses.replace(its, user=bound_by(its.desk, its.user, *policies))


def bound_by(desk: InsideDesk, user: Caller, *policies: Mapping[str, object]) -> Caller:
    """Bind a user by policies, written and read as any others."""
    for number, policy in enumerate(policies):
        written = {"Uin": user.uin, "Name": f"rule {number}", **policy}
        added = desk.operator("AddPolicy", **written)["PolicyId"]
        desk.operator("AttachPolicy", UserId=user.user_id, PolicyId=added)
    return Guard(desk.engine).look_up(user.actor).caller


Step = tuple[str, int, int, bool]
ALLOW_ALL = {"Effect": "allow", "Actions": ["ssl:*"]}


def take(its: Family, step: Step, caller: Caller) -> None:
    """Take one step of a chain for one of its certificates."""
    kind, which, where, flag = step
    chosen, project = its.ids[which % len(its.ids)], its.projects[where]
    match kind:
        case "upload":
            uploaded = its.ask(
                its.left.caller, "UploadCertificate", ProjectId=project, **upload_of(its.key, NAME)
            )
            its.ids.append(str(uploaded["CertificateId"]))
        case "time":
            renewal = its.left.renewal(chosen)
            its.left.put(renewal.due_at if renewal else its.left.now() + (20 if flag else 70) * DAY)
        case "account":
            for uin in (its.other.uin, its.user.uin):
                with contextlib.suppress(ServiceError):
                    its.desk.operator("MoveOrder", CertificateId=chosen, Uin=uin)
                    its.desk.take_on(chosen)
        case "delete":
            with contextlib.suppress(ServiceError):
                its.desk.operator("RevokeOrder", CertificateId=chosen, Reason="superseded")
                its.desk.take_on(chosen)
            its.ask(its.left.caller, "DeleteCertificate", CertificateId=chosen)
        case _:
            action, parameters = asked(kind, chosen, project, online=flag)
            its.ask(caller, action, **parameters)
    its.catch_up()


def asked(kind: str, chosen: str, project: int, *, online: bool) -> tuple[str, dict[str, object]]:
    """Give the request by which a user takes a step."""
    match kind:
        case "reissue":
            source = "Online" if online else "Original"
            wanted = {"CertificateId": chosen, "ValidType": "DNS", "CsrType": source}
            return "ReplaceCertificate", dict(wanted)
        case "renew":
            wanted = {"DvAuthMethod": "DNS", "DomainName": NAME, "OldCertificateId": chosen}
            return "ApplyCertificate", {"ProjectId": project, **wanted}
    return "ModifyCertificateProject", {"CertificateIdList": [chosen], "ProjectId": project}


def steps(*kinds: str) -> st.SearchStrategy[list[Step]]:
    """Draw chains of steps."""
    one = st.tuples(st.sampled_from(kinds), st.integers(0, 5), st.integers(0, 2), st.booleans())
    return st.lists(one, min_size=1, max_size=6)


@settings(max_examples=15)
@given(
    steps("reissue", "project", "renew", "upload", "time", "account", "delete"),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.sampled_from([25, FREE]),
)
def test_no_chain_leads_around_a_denied_certificate(
    chain: list[Step], by_user: list[bool], product: int
) -> None:
    """Whoever made it: the user, the account, the desk or its operator."""
    with family(product) as made:
        denial = {"Effect": "deny", "Actions": [READ_KEY], "CertificateIds": list(made.ids)}
        its = bound(made, ALLOW_ALL, denial)
        assert its.read_by(its.left.caller, its.ids[0])
        for step, by in zip(chain, by_user, strict=False):
            take(its, step, its.user if by else its.left.caller)
            for certificate_id in its.ids:
                assert its.read_by(its.user, certificate_id) == []


@settings(max_examples=15)
@given(
    steps("reissue", "project", "upload", "time", "account", "delete"),
    st.integers(0, 5),
    steps("reissue", "upload", "delete"),
)
def test_a_key_that_is_denied_under_one_id_is_denied_under_each(
    chain: list[Step], which: int, after: list[Step]
) -> None:
    """Also under an older one, and when the denied one is deleted."""
    with family(25) as made:
        for step in chain:
            take(made, step, made.left.caller)
        there = [each for each in made.ids if made.read_by(made.left.caller, each)]
        if not there:
            return
        denied = there[which % len(there)]
        secret = made.read_by(made.left.caller, denied)[0]
        denial = {"Effect": "deny", "Actions": [READ_KEY], "CertificateIds": [denied]}
        its = bound(made, ALLOW_ALL, denial)
        assert secret not in everything_read(its)
        for step in after:
            take(its, step, its.left.caller)
            assert secret not in everything_read(its)


def everything_read(its: Family) -> list[str]:
    """Give all keys that the user can read, whatever of."""
    return [key for certificate_id in its.ids for key in its.read_by(its.user, certificate_id)]


@settings(max_examples=15)
@given(
    chain=steps("reissue", "project", "renew", "time", "delete"),
    product=st.sampled_from([25, FREE]),
    denied=st.booleans(),
)
def test_no_chain_leads_out_of_a_project_whose_keys_may_not_be_read(
    chain: list[Step], product: int, *, denied: bool
) -> None:
    """Be that denied there, or allowed nowhere else than in the other projects."""
    with family(product) as made:
        one, others = made.projects[1], [made.projects[0], made.projects[2]]
        rules: tuple[Mapping[str, object], ...] = (
            (ALLOW_ALL, {"Effect": "deny", "Actions": [READ_KEY], "ProjectIds": [one]})
            if denied
            else (
                {"Effect": "allow", "Actions": ["ssl:*Certificate*"]},
                {"Effect": "allow", "Actions": [READ_KEY], "ProjectIds": others},
            )
        )
        its = bound(made, *rules)
        for step in chain:
            take(its, step, its.user)
            for certificate_id in its.ids:
                assert its.read_by(its.user, certificate_id) == []


# --- decisions ------------------------------------------------------------------------------------


@pytest.fixture
def its() -> Iterator[Family]:
    """A certificate in project 1, and a user bound by nothing yet."""
    with family(25) as made:
        yield made


def test_a_successor_of_the_desk_is_denied_with_what_it_succeeds(its: Family) -> None:
    """Though its key is a new one, for every action that the denial names."""
    first = its.ids[0]
    its = bound(its, ALLOW_ALL, {"Effect": "deny", "Actions": ["ssl:*"], "CertificateIds": [first]})
    take(its, ("time", 0, 0, True), its.left.caller)
    successor = its.left.successor(first)
    assert successor is not None
    with pytest.raises(AuthError):
        its.desk.call(its.user, "RevokeCertificate", CertificateId=successor.certificate_id)
    assert its.desk.call(its.user, "DescribeCertificates")["TotalCount"] == 0
    logs = its.desk.call(its.user, "DescribeCertificateOperateLogs")
    assert logs["OperateLogs"] == []


def test_a_key_stays_denied_when_its_material_has_served_its_time(its: Family) -> None:
    """It lies under another id too, where an id that is gone could not be denied any more."""
    desk, owner = its.desk, its.left.caller
    denied = its.left.buy(NAME)
    key = desk.call(owner, "DescribeCertificateDetail", CertificateId=denied)
    denial = {"Effect": "deny", "Actions": [READ_KEY], "CertificateIds": [denied]}
    its = bound(its, ALLOW_ALL, denial)
    own = upload_of(key["CertificatePrivateKey"], NAME)
    upload = str(desk.call(owner, "UploadCertificate", **own)["CertificateId"])
    desk.call(owner, "CancelAuditCertificate", CertificateId=denied)
    assert its.read_by(its.user, upload) == []

    desk.clock.move(timedelta(days=1000))
    RecordRetention(desk.store, desk.clock, retention_of(Settings())).trim()

    assert desk.submissions(denied) == []
    assert its.read_by(owner, upload) != []
    assert its.read_by(its.user, upload) == []


def test_who_may_read_a_key_takes_it_along(its: Family) -> None:
    """For whoever may read the keys of the project that it is in then."""
    two = its.projects[2]
    reader = {"Effect": "allow", "Actions": ["ssl:*"], "ProjectIds": [two]}
    its = bound(its, reader)
    take(its, ("project", 0, 2, True), its.left.caller)
    assert its.read_by(its.user, its.ids[0])
    assert its.left.order(its.ids[0]).home_projects == ()


def test_an_order_without_material_has_nothing_to_leave_behind(its: Family) -> None:
    """The key is made in the project that the order is in by then."""
    two = its.projects[2]
    its = bound(
        its,
        {"Effect": "allow", "Actions": ["ssl:CreateCertificate", "ssl:Modify*"]},
        {"Effect": "allow", "Actions": ["ssl:*"], "ProjectIds": [two]},
    )
    bought = its.desk.buy(its.user)
    its.desk.call(its.user, "ModifyCertificateProject", CertificateIdList=[bought], ProjectId=two)
    assert its.left.order(bought).home_projects == ()


def test_moving_an_order_to_and_fro_keeps_nobody_out(its: Family) -> None:
    """Whoever may not read its key cannot change who may."""
    its = bound(its, {"Effect": "allow", "Actions": ["ssl:Modify*"]})
    before = its.left.order(its.ids[0])
    for where in (2, 0, 1):
        take(its, ("project", 0, where, True), its.user)
    after = its.left.order(its.ids[0])
    assert (after.project_id, after.home_projects) == (before.project_id, before.home_projects)


def test_an_endless_chain_of_reissues_is_refused(its: Family) -> None:
    """Each order names all that it comes from, and they are to stay few."""
    first = its.left.order(its.ids[0])
    many = replace(first, origins=tuple(f"{number:08}" for number in range(200)))
    its.desk.store.write(lambda unit: unit.orders.replace(many))
    asked = {"CertificateId": its.ids[0], "ValidType": "DNS"}
    with pytest.raises(ServiceError, match="already follows 200 earlier ones"):
        its.desk.call(its.left.caller, "ReplaceCertificate", **asked)
    assert its.left.order(its.ids[0]).status is Status.ISSUED


def test_a_number_that_is_denied_with_a_certificate_is_denied_with_its_renewal(
    tmp_path: Path,
) -> None:
    """The renewal has the material of before, which is shown where the order is opened again."""
    with InsideDesk(tmp_path) as desk:
        left = LeftAlone(desk, desk.account())
        first = left.issue(AutoRenewFlag=1, **ADMIN)
        while left.chain(first)[-1].renews is None:
            desk.take_on(left.chain(first)[-1].certificate_id)
            left.put_when_due(left.chain(first)[-1].certificate_id)
            desk.renewing.round()
        renewal = {"CertificateId": left.chain(first)[-1].certificate_id}
        for action in ("CancelAuditCertificate", "ModifyCertificateResubmit"):
            desk.call(left.caller, action, **renewal)
        denial = {"Effect": "deny", "Actions": [READ_PERSONAL], "CertificateIds": [first]}
        user = bound_by(desk, user_of(desk, left.caller.uin), ALLOW_ALL, denial)
        shown = [
            desk.call(caller, "DescribeCertificateDetail", **renewal)["SubmittedData"]
            for caller in (left.caller, user)
        ]
    assert [data["AdminPhoneNum"] for data in shown] == ["13112341234", "13*******34"]
