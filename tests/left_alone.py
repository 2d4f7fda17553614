"""An embedded desk that is left alone, on a clock that a test moves; all the rest of it is real.

Store, vault, private CA, proofs and the work in the background are those of `certdesk serve`, in
this process; name server and web server are real, on loopback.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from certdesk.bootstrap import OpenDesk, actions, open_desk
from certdesk.domain.people.role import Role
from certdesk.engine import OPERATOR, Caller
from certdesk.ports import Unit
from certdesk.settings import Settings
from certdesk.testing.clock import ManualClock
from certdesk.world.nameserver import NameServer, nameserver
from certdesk.world.webserver import WebServer, webserver
from tests.actions.submitting import PERSONAL, csr_for
from tests.running import COMPANY, MANAGER

BEGIN = datetime(2026, 12, 1, 9, 0, 17, tzinfo=UTC)
PATIENCE_SECONDS = 120
MINUTE = timedelta(minutes=1)
PAGE = 1000
FREE = 83
KEY = ec.generate_private_key(ec.SECP256R1())
"""Of every CSR that is handed in."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """What is ordered: a product for names below a host, for years, renewed by itself or not.

    The key is made by the desk (`online`) or elsewhere; `vetted` is an organisation's order.
    """

    product: int
    below: tuple[str, ...] = ("",)
    years: int = 1
    renewed: bool = False
    online: bool = True
    proof: str = "DNS"
    vetted: bool = False

    def names(self, host: str) -> list[str]:
        """Give the names of an order for a host."""
        return [f"{prefix}{host}" for prefix in self.below]


KINDS = {
    "by TXT, renewed": Kind(product=104, renewed=True),
    "by CNAME, renewed": Kind(product=48, renewed=True),
    "by FILE, renewed": Kind(product=104, renewed=True, proof="FILE"),
    "its own CSR, not renewed": Kind(product=104, online=False),
    "its own CSR, three years": Kind(product=25, online=False, years=3),
    "a wildcard, renewed": Kind(product=12, below=("*.",), renewed=True, online=False),
    "many names, three years": Kind(product=11, below=("", "a.", "b.", "c.", "d."), years=3),
    "OV, renewed": Kind(product=14, renewed=True, vetted=True),
    "EV, not renewed": Kind(product=16, vetted=True),
    "free": Kind(product=FREE),
}


@dataclasses.dataclass(frozen=True)
class Ordered:
    """An order that somebody placed before the desk was left alone."""

    kind: Kind
    host: str
    certificate_id: str


class World:
    """A resolver that can be down, and a web server."""

    def __init__(self, opened: contextlib.ExitStack) -> None:
        """Be there as long as `opened` is."""
        self.names = NameServer()
        self.web: WebServer = opened.enter_context(webserver())
        self._resolver = opened.enter_context(contextlib.ExitStack())
        self.up()
        self.endpoint = self.names.endpoint

    def up(self) -> None:
        """Have the resolver answer, where it did."""
        port = int(self.names.endpoint.rpartition(":")[2] or 0)
        self._resolver.enter_context(nameserver(self.names, port))

    def down(self) -> None:
        """Have nobody answer there."""
        self._resolver.close()

    def publish(self, detail: dict[str, Any]) -> None:
        """Publish what DescribeCertificateDetail asks for, for good."""
        for auth in detail["DvAuthDetail"]["DvAuths"]:
            kind, key, value = auth["DvAuthVerifyType"], auth["DvAuthKey"], auth["DvAuthValue"]
            if kind != "FILE":
                self.names.add(key, kind, f"{value}." if kind == "CNAME" else value)
                continue
            host = auth["DvAuthDomain"]
            self.names.add(host, "A", "127.0.0.1")
            self.web.put(host, f"{auth['DvAuthPath']}{key}", value.encode())


class LeftAlone:
    """The desk, and what was ordered of it."""

    def __init__(self, opened: OpenDesk, clock: ManualClock, world: World) -> None:
        """Open an account, whose company and manager were vetted just now."""
        self.opened = opened
        self.clock = clock
        self.world = world
        self.orders: list[Ordered] = []
        added = self.call(OPERATOR, "AddAccount", Name="left alone")
        self.caller = Caller(
            uin=added["Uin"], actor=added["SecretId"], verified=True, role=Role.USER
        )
        self.company = self.call(OPERATOR, "AddCompany", Uin=added["Uin"], **COMPANY)["CompanyId"]
        self.manager = self.call(
            OPERATOR,
            "AddManager",
            Uin=added["Uin"],
            CompanyId=self.company,
            Status="ok",
            **MANAGER,
        )["ManagerId"]

    @property
    def now(self) -> datetime:
        """The time on the desk's clock."""
        return self.clock.now()

    def call(self, caller: Caller, action: str, **parameters: object) -> dict[str, Any]:
        """Carry out an action; give the members of the reply by their wire names."""
        declared = actions().find(action, internal=caller is OPERATOR)
        assert declared is not None, action
        request = declared.decode(parameters)
        members = msgspec.to_builtins(
            self.opened.desk.perform(declared, caller, request, str(uuid.uuid4()))
        )
        assert isinstance(members, dict)
        return members

    def ask(self, action: str, **parameters: object) -> dict[str, Any]:
        """Carry out an action of the account."""
        return self.call(self.caller, action, **parameters)

    def order(self, kind: Kind, host: str) -> None:
        """Order a certificate and publish what proves its names, which stays there.

        It may be found only after a while: the desk may have looked before.
        """
        if kind.product == FREE:
            applied = self.ask("ApplyCertificate", DvAuthMethod="DNS", DomainName=host)
            certificate_id = applied["CertificateId"]
        else:
            certificate_id = self._buy(kind, host)
        detail = self.ask("DescribeCertificateDetail", CertificateId=certificate_id)
        self.world.publish(detail)
        self._rest()
        self.orders.append(Ordered(kind, host, certificate_id))

    def _buy(self, kind: Kind, host: str) -> str:
        first, *others = kind.names(host)
        bought = self.ask(
            "CreateCertificate",
            ProductId=kind.product,
            DomainNum=1 + len(others),
            TimeSpan=kind.years,
        )
        certificate_id = str(bought["CertificateIds"][0])
        material = PERSONAL | {"CertCommonName": first, "AutoRenewFlag": int(kind.renewed)}
        if others:
            material["DnsNames"] = others
        if not kind.online:
            del material["CsrEncryptAlgo"], material["CsrKeyParameter"]
            material |= {"GenCsrType": "parse", "Csr": csr_for(KEY, first)}
        if kind.vetted:
            ids = {"CompanyId": str(self.company), "ManagerId": str(self.manager)}
            material |= {"CompanyType": 2, **ids}
        self.ask("CertificateInfoSubmit", CertId=certificate_id, **material)
        self.ask("CertificateOrderSubmit", CertId=certificate_id, VerifyType=kind.proof)
        return certificate_id

    def rows(self) -> dict[str, dict[str, Any]]:
        """List every order, by its certificate id, as the API does."""
        found: dict[str, dict[str, Any]] = {}
        while True:
            page = self.ask("DescribeCertificates", Offset=len(found), Limit=PAGE)
            found |= {row["CertificateId"]: row for row in page["Certificates"]}
            if len(found) == page["TotalCount"]:
                return found

    def pass_time(self, span: timedelta) -> None:
        """Move the clock, and let the desk work until nothing is due."""
        self.clock.move(span)
        self.work()
        self._keep_up()

    def _keep_up(self) -> None:
        """Do what the desk does every minute or hour beside its orders."""
        house = self.opened.housekeeping
        house.inspection.inspect()
        house.tidying.tidy()
        house.forgetting.forget()
        house.trimming.trim()
        pki = self.opened.desk.issuers.pki
        assert pki is not None
        pki.renew_lists()

    def work(self) -> None:
        """Let the desk work until nothing is due; what has to wait a minute for it does."""
        self.opened.renewing.round()
        self._rest()
        while self.opened.desk.store.read(self._successors_due):
            self.clock.move(MINUTE)
            self.opened.renewing.round()
            self._rest()

    def _rest(self) -> None:
        """Wait until no order has a step to take now."""
        orders = self.opened.orders
        end = time.monotonic() + PATIENCE_SECONDS
        orders.wake()
        while self._orders_due() or orders.under_way or self._orders_due():
            assert time.monotonic() < end, "orders do not come to rest"
            time.sleep(0.005)

    def _orders_due(self) -> bool:
        return self.opened.desk.store.read(lambda unit: bool(unit.tasks.due("due_at", self.now, 1)))

    def _successors_due(self, unit: Unit) -> bool:
        return bool(unit.renewals.due("due_at", self.now, 1))


@contextlib.contextmanager
def left_alone(folder: Path, **settings: Any) -> Iterator[LeftAlone]:  # noqa: ANN401 -- as `Settings` has them
    """Open a desk whose clock stands at `BEGIN`; keys are made and orders worked on meanwhile."""
    clock = ManualClock(BEGIN)
    with contextlib.ExitStack() as opened:
        world = World(opened)
        given: dict[str, Any] = {
            "data": str(folder),
            "dns_resolvers": (world.endpoint,),
            "dns_dnssec": "off",
            "proof_allow_networks": ("127.0.0.0/8",),
            "proof_http_port": world.web.port,
            "proof_per_domain": 0,
            "stock_rsa_2048": 0,
            "stock_rsa_4096": 0,
            "stock_p_256": 4,
        }
        desk = opened.enter_context(open_desk(Settings(**given | settings), clock=clock))
        desk.stock.start()
        opened.callback(desk.stock.stop)
        desk.orders.start()
        opened.callback(desk.orders.stop)
        yield LeftAlone(desk, clock, world)
