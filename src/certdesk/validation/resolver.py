"""Asks resolvers, and relies on nothing unchecked (Baseline Requirements 3.2.2.8).

Signatures are checked by the resolver, which has to show that it does: it must give the keys of
the trust anchors with the AD flag. From then on an answer with AD is signed and was checked; one
without is from a zone that is provably not signed, as a resolver that checks answers SERVFAIL for
whatever is wrong (RFC 4035, 3.2.3 and 5.5). It belongs on this machine: nobody is between.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import random
import time
from collections.abc import Sequence

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from certdesk.domain.values.addresses import Address
from certdesk.domain.values.foreign_text import few, printable_text
from certdesk.validation.anchors import DNSKEY, Anchors, anchored
from certdesk.validation.exchange import Server, Unanswered, exchange, question

LOOK_SECONDS = 20.0
TRIES = 3
CNAMES = 8
TRUSTED_SECONDS = 300.0
"""How long a resolver that has shown that it checks signatures is believed to."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What there is of one type at a name.

    `records` are none where nothing is there. `chain` has the names that CNAME records led to,
    in order; the records are of its last one. `secure` tells whether all of it was signed and
    checked, None where signatures are not looked at. `server` is host:port of who answered last,
    and `steps` tell what was asked and answered, a line each.
    """

    records: tuple[dns.rdata.Rdata, ...]
    chain: tuple[str, ...]
    secure: bool | None
    server: str
    steps: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """All addresses of a host, IPv4 first; the other fields are as in `Answer`."""

    addresses: tuple[Address, ...]
    secure: bool | None
    server: str
    steps: tuple[str, ...]


def look_deadline() -> float:
    """Return the time of `time.monotonic` at which a look that begins now has to end."""
    return time.monotonic() + LOOK_SECONDS


class Resolver:
    """Asks the given resolvers in turn. Safe to use from several threads; it has none itself."""

    def __init__(
        self, servers: Sequence[Server], anchors: Anchors | None, rng: random.Random
    ) -> None:
        """Ask `servers`, of which each has to have the keys of `anchors`.

        Without anchors signatures are not looked at, and every answer is taken as it comes.
        """
        self._servers = tuple(servers)
        self._anchors = anchors
        self._rng = rng
        self._trusted_until: dict[Server, float] = {}

    @property
    def checks(self) -> bool:
        """Whether a resolver has to show that it checks signatures."""
        return self._anchors is not None

    def ask(self, name: str, rdtype: str, deadline: float) -> Answer:
        """Look up the records of a type at `name`, along CNAME records; nothing is kept.

        `deadline` is a time of `time.monotonic`. A name that does not exist has no records.

        Raises:
            Unanswered: there is no answer that may be relied on, and nothing else is raised.
        """
        return _Lookup(self, deadline).run(name, rdtype)

    def addresses(self, host: str, deadline: float) -> Addresses:
        """Look up all addresses of `host`, which has none where it does not exist.

        Raises:
            Unanswered: A or AAAA records have no answer that may be relied on.
        """
        four = self.ask(host, "A", deadline)
        try:
            six = self.ask(host, "AAAA", deadline)
        except Unanswered as failure:
            raise Unanswered(
                failure.reason, four.steps + failure.steps, failure.server
            ) from failure
        records = four.records + six.records
        return Addresses(
            addresses=tuple(ipaddress.ip_address(record.to_text()) for record in records),
            secure=four.secure and six.secure,
            server=six.server,
            steps=four.steps + six.steps,
        )

    def turns(self) -> tuple[Server, ...]:
        """Return who is to be asked, in order: three tries, and every resolver once at least."""
        tries = max(TRIES, len(self._servers))
        return tuple(self._servers[turn % len(self._servers)] for turn in range(tries))

    def respond(
        self, server: Server, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, deadline: float
    ) -> dns.message.Message:
        """Return one resolver's answer: what is there, or that nothing is.

        Raises:
            Unanswered: there is none, it is a failure, or the resolver does not check signatures.
        """
        if self._anchors is not None:
            self._demand_checks(server, self._anchors, deadline)
        return self._checked(server, name, rdtype, deadline)

    def secure(self, response: dns.message.Message) -> bool | None:
        """Return whether an answer was signed and checked; None where that is not looked at."""
        return None if self._anchors is None else bool(response.flags & dns.flags.AD)

    def _checked(
        self, server: Server, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, deadline: float
    ) -> dns.message.Message:
        query = question(name, rdtype, self._rng, dnssec=self._anchors is not None)
        response = exchange(query, server, deadline)
        if response.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise Unanswered(_failure(response))
        return response

    def _demand_checks(self, server: Server, anchors: Anchors, deadline: float) -> None:
        """Let only a resolver pass that gives the anchors' keys as checked.

        Raises:
            Unanswered: it does not, and the text says what to do.
        """
        if time.monotonic() < self._trusted_until.get(server, 0.0):
            return
        for zone, known in anchors.items():
            response = self._checked(server, zone, dns.rdatatype.DNSKEY, deadline)
            found = _follow(response, zone, dns.rdatatype.DNSKEY, [zone])
            keys = [key for key in found if isinstance(key, DNSKEY)]
            if not (self.secure(response) and anchored(zone, known, keys)):
                raise Unanswered(
                    f"it does not show that it checks DNSSEC signatures: the keys of {zone} did "
                    "not come as checked, or are not those of dns.trust_anchors; set dns.resolvers "
                    "to a resolver that checks, such as unbound on this machine"
                )
        self._trusted_until[server] = time.monotonic() + TRUSTED_SECONDS


class _Lookup:
    """One question on its way along CNAME records and from resolver to resolver."""

    def __init__(self, resolver: Resolver, deadline: float) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._steps: list[str] = []
        self._secure: bool | None = None
        self._server = ""

    def run(self, name: str, rdtype: str) -> Answer:
        try:
            asked, kind = dns.name.from_text(name), dns.rdatatype.from_text(rdtype)
        except dns.exception.DNSException:
            raise Unanswered(f"{name!r} is not a name that DNS can hold") from None
        chain = [asked]
        try:
            records = self._along(chain, kind)
        except Unanswered as failure:
            raise Unanswered(failure.reason, tuple(self._steps), self._server) from None
        return Answer(
            records=records,
            chain=tuple(each.canonicalize().to_text(omit_final_dot=True) for each in chain[1:]),
            secure=self._secure,
            server=self._server,
            steps=tuple(self._steps),
        )

    def _along(
        self, chain: list[dns.name.Name], rdtype: dns.rdatatype.RdataType
    ) -> tuple[dns.rdata.Rdata, ...]:
        """Add the names that CNAME records lead to, and return the records at the last one."""
        while True:
            asked = chain[-1]
            response = self._response(asked, rdtype)
            secure = self._resolver.secure(response)
            self._secure = secure if asked == chain[0] else self._secure and secure
            records = _follow(response, asked, rdtype, chain)
            # A resolver goes to the end of a chain. One that left the rest out is asked for it.
            if records or response.rcode() == dns.rcode.NXDOMAIN or chain[-1] == asked:
                return records

    def _response(
        self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
    ) -> dns.message.Message:
        kind, host = dns.rdatatype.to_text(rdtype), name.to_text(omit_final_dot=True)
        what = f"{kind} of {printable_text(host)}"
        reason = "the time for the check is over"
        for server in self._resolver.turns():
            if time.monotonic() >= self._deadline:
                break
            self._server = str(server)
            try:
                response = self._resolver.respond(server, name, rdtype, self._deadline)
            except Unanswered as failure:
                reason = f"resolver {server}: {failure.reason}"
                self._steps.append(f"{what}, asked of {server}: {failure.reason}")
            else:
                self._steps.append(f"{what}, asked of {server}: {self._said(response)}")
                return response
        raise Unanswered(reason)

    def _said(self, response: dns.message.Message) -> str:
        records = sum(
            len(rrset) for rrset in response.answer if rrset.rdtype != dns.rdatatype.RRSIG
        )
        checked = {None: "", True: ", signed and checked", False: ", not signed"}
        code = dns.rcode.to_text(response.rcode())
        plural = "" if records == 1 else "s"
        return f"{code}, {records} record{plural}{checked[self._resolver.secure(response)]}"


def _follow(
    response: dns.message.Message,
    name: dns.name.Name,
    rdtype: dns.rdatatype.RdataType,
    chain: list[dns.name.Name],
) -> tuple[dns.rdata.Rdata, ...]:
    """Walk from `name` through the CNAME records of one answer to the records wanted, if any.

    Each name that a record leads to is added to `chain`, which has `name` already.

    Raises:
        Unanswered: the records lead in a circle, or over more than 8 names.
    """
    while True:
        wanted = response.get_rrset(response.answer, name, dns.rdataclass.IN, rdtype)
        if wanted is not None:
            return tuple(wanted)
        alias = response.get_rrset(response.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is None:
            return ()
        name = alias[0].target
        if name in chain:
            raise Unanswered("its CNAME records lead in a circle")
        chain.append(name)
        if len(chain) > CNAMES + 1:
            raise Unanswered(f"its CNAME records lead over more than {CNAMES} names")


def _failure(response: dns.message.Message) -> str:
    """Say in plain words which failure a resolver answered with."""
    code = dns.rcode.to_text(response.rcode())
    more = few((str(option.code.name) for option in response.extended_errors()), ", ")
    code = f"{code} ({more})" if more else code
    if response.rcode() == dns.rcode.SERVFAIL:
        return (
            f"it answered {code}: the name servers of the domain do not answer it, or the "
            "signatures of the domain are wrong (DNSSEC)"
        )
    return f"it answered {code}"
