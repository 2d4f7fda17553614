"""Look-ups by resolvers that check signatures (Baseline Requirements 3.2.2.8).

The resolver checks signatures, and must show that it does: it must return the keys of the trust
anchors with the AD flag. From then on, an answer with AD is signed and checked. One without AD is
from a zone that is provably not signed, since a checking resolver answers SERVFAIL for anything
wrong (RFC 4035, 3.2.3 and 5.5). The resolver should run on this machine, so that its answers cannot
be changed on the way.
"""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import random
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CNAME

from certdesk.domain.values.addresses import Address
from certdesk.domain.values.foreign_text import few, printable_text
from certdesk.domain.values.record import Record
from certdesk.validation.anchors import DNSKEY, Anchors, anchored
from certdesk.validation.exchange import Sent, Server, Unanswered, exchange
from certdesk.validation.query import Query
from certdesk.validation.reply import NOTHING_WRONG, Reply

CHECK_SECONDS = 20.0
TRIES = 3
CNAMES = 8
AHEAD = 4
"""The most questions of one check that are asked side by side."""

TRUSTED_SECONDS = 300.0
"""How long a resolver is trusted once it has shown that it checks signatures."""


class Answer(Record, kw_only=True):
    """The records of one type at a name.

    `records` is empty if there are none. `chain` has the names that CNAME records led to, in order;
    the records are those of the last name. `secure` says whether all of it was signed and checked;
    it is None if signatures are not checked. `server` is host:port of the last server that
    answered, and `steps` lists questions and answers, a line each.
    """

    records: tuple[dns.rdata.Rdata, ...]
    chain: tuple[str, ...]
    secure: bool | None
    server: str
    steps: tuple[str, ...]


class Addresses(Record, kw_only=True):
    """All addresses of a host, IPv4 first; other fields are as in `Answer`."""

    addresses: tuple[Address, ...]
    secure: bool | None
    server: str
    steps: tuple[str, ...]


def check_deadline() -> float:
    """Return the deadline, in `time.monotonic`, of a check that begins now."""
    return time.monotonic() + CHECK_SECONDS


class Resolver:
    """A client of the given resolvers, asked in turn. It is thread-safe and starts no threads."""

    def __init__(
        self, servers: Sequence[Server], anchors: Anchors | None, rng: random.Random
    ) -> None:
        """Ask `servers`, each of which must return the keys of `anchors`.

        Without anchors, signatures are not checked and every answer is accepted.
        """
        self._servers = tuple(servers)
        self._anchors = anchors
        self._rng = rng
        self._trusted_until: dict[Server, float] = {}

    @property
    def checks(self) -> bool:
        """Whether a resolver must show that it checks signatures."""
        return self._anchors is not None

    def ask(self, name: str, rdtype: str, deadline: float) -> Answer:
        """Look up the records of a type at `name`, following CNAME records; nothing is cached.

        `deadline` is a time of `time.monotonic`. A name that does not exist has no records.

        Raises:
            Unanswered: there is no answer that can be trusted; nothing else is raised.
        """
        return _Lookup(self, deadline).run(name, rdtype)

    def ask_each(
        self, questions: Sequence[tuple[str, str]], deadline: float
    ) -> Generator[Answer, None, None]:
        """Look up a type at a name for each question, as `ask` does; yield the answers in order.

        The first `AHEAD` questions are asked side by side, so waiting for all of them takes
        as long as for one.
        """
        with contextlib.ExitStack() as held:
            ahead = [held.enter_context(sent) for sent in self._sent(questions[:AHEAD])]
            for (name, rdtype), sent in itertools.zip_longest(questions, ahead):
                yield _Lookup(self, deadline, sent).run(name, rdtype)

    def addresses(self, host: str, deadline: float) -> Addresses:
        """Look up all addresses of `host`; there are none if it does not exist.

        Raises:
            Unanswered: A or AAAA records have no answer that can be trusted.
        """
        answers = self.ask_each([(host, "A"), (host, "AAAA")], deadline)
        four = next(answers)
        try:
            six = next(answers)
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
        """Return the resolvers to ask, in order: at least three tries, each one at least once."""
        tries = max(TRIES, len(self._servers))
        return tuple(self._servers[turn % len(self._servers)] for turn in range(tries))

    def respond(
        self,
        server: Server,
        name: dns.name.Name,
        rdtype: dns.rdatatype.RdataType,
        deadline: float,
        sent: Sent | None = None,
    ) -> Reply:
        """Return one resolver's answer, which may be that there are no records.

        The resolver may have been `sent` the question already.

        Raises:
            Unanswered: there is no answer, or a failure, or the resolver does not check signatures.
        """
        if self._anchors is not None:
            self._demand_checks(server, self._anchors, deadline)
        query = sent.query if sent else self._query(name, rdtype)
        return self._checked(server, query, deadline, sent)

    def secure(self, response: Reply) -> bool | None:
        """Return whether an answer was signed and checked; None if signatures are not checked."""
        return None if self._anchors is None else response.checked

    def _sent(self, questions: Iterable[tuple[str, str]]) -> Iterator[Sent]:
        """Send questions to the first resolver, if it has shown that it checks signatures."""
        server = self._servers[0]
        if self._anchors is not None and not self._is_trusted(server):
            return
        # The error comes again when the question is asked in turn.
        with contextlib.suppress(OSError, dns.exception.DNSException):
            for name, rdtype in questions:
                asked, kind = dns.name.from_text(name), dns.rdatatype.from_text(rdtype)
                yield Sent(self._query(asked, kind), server)

    def _query(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Query:
        return Query.of(name, rdtype, self._rng, dnssec=self._anchors is not None)

    def _is_trusted(self, server: Server) -> bool:
        return time.monotonic() < self._trusted_until.get(server, 0.0)

    def _checked(
        self,
        server: Server,
        query: Query,
        deadline: float,
        sent: Sent | None = None,
    ) -> Reply:
        response = exchange(query, server, deadline, sent)
        if response.rcode not in NOTHING_WRONG:
            raise Unanswered(_failure(response))
        return response

    def _demand_checks(self, server: Server, anchors: Anchors, deadline: float) -> None:
        """Accept only a resolver that returns the anchors' keys as checked.

        Raises:
            Unanswered: it does not, and the text says what to do.
        """
        if self._is_trusted(server):
            return
        for zone, known in anchors.items():
            query = self._query(zone, dns.rdatatype.DNSKEY)
            response = self._checked(server, query, deadline)
            found = _follow(response, zone, dns.rdatatype.DNSKEY, [zone])
            keys = [key for key in found if isinstance(key, DNSKEY)]
            if not (self.secure(response) and anchored(zone, known, keys)):
                raise Unanswered(
                    f"it does not validate DNSSEC: its answer for the keys of {zone} was not "
                    "marked as validated, or has other keys than dns.trust_anchors; set "
                    "dns.resolvers to a resolver that validates, such as unbound on this "
                    "machine"
                )
        self._trusted_until[server] = time.monotonic() + TRUSTED_SECONDS


class _Lookup:
    """One look-up, which follows CNAME records and goes from resolver to resolver."""

    def __init__(self, resolver: Resolver, deadline: float, sent: Sent | None = None) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._sent = sent
        self._steps: list[str] = []
        self._secure: bool | None = None
        self._server = ""

    def run(self, name: str, rdtype: str) -> Answer:
        try:
            asked, kind = dns.name.from_text(name), dns.rdatatype.from_text(rdtype)
        except dns.exception.DNSException:
            raise Unanswered(f"{name!r} is not a possible DNS name") from None
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
        """Add the targets of CNAME records to `chain`, and return the records at the last one."""
        while True:
            asked = chain[-1]
            response = self._response(asked, rdtype)
            secure = self._resolver.secure(response)
            self._secure = secure if asked == chain[0] else self._secure and secure
            records = _follow(response, asked, rdtype, chain)
            # A resolver follows a chain to its end. If it left out the rest, ask for that.
            if records or response.rcode == dns.rcode.NXDOMAIN or chain[-1] == asked:
                return records

    def _response(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Reply:
        kind, host = dns.rdatatype.to_text(rdtype), name.to_text(omit_final_dot=True)
        what = f"{kind} of {printable_text(host)}"
        reason = "the time for the check is over"
        for server in self._resolver.turns():
            if time.monotonic() >= self._deadline:
                break
            self._server = str(server)
            sent, self._sent = self._sent, None
            try:
                response = self._resolver.respond(server, name, rdtype, self._deadline, sent)
            except Unanswered as failure:
                reason = f"resolver {server}: {failure.reason}"
                self._steps.append(f"{what}, asked of {server}: {failure.reason}")
            else:
                self._steps.append(f"{what}, asked of {server}: {self._said(response)}")
                return response
        raise Unanswered(reason)

    def _said(self, response: Reply) -> str:
        records = sum(
            len(rrset) for rrset in response.answer if rrset.rdtype != dns.rdatatype.RRSIG
        )
        checked = {None: "", True: ", signed and checked", False: ", not signed"}
        code = dns.rcode.to_text(response.rcode)
        plural = "" if records == 1 else "s"
        return f"{code}, {records} record{plural}{checked[self._resolver.secure(response)]}"


def _follow(
    response: Reply,
    name: dns.name.Name,
    rdtype: dns.rdatatype.RdataType,
    chain: list[dns.name.Name],
) -> tuple[dns.rdata.Rdata, ...]:
    """Follow the CNAME records of one answer from `name` to the wanted records, if any.

    Each target is added to `chain`, which already has `name`.

    Raises:
        Unanswered: the records lead in a circle, or over more than 8 names.
    """
    while True:
        wanted = response.records(name, rdtype)
        if wanted:
            return wanted
        alias = response.records(name, dns.rdatatype.CNAME)
        if not alias:
            return ()
        name = cast("dns.rdtypes.ANY.CNAME.CNAME", alias[0]).target
        if name in chain:
            raise Unanswered("its CNAME records form a loop")
        chain.append(name)
        if len(chain) > CNAMES + 1:
            raise Unanswered(f"its CNAME chain has more than {CNAMES} names")


def _failure(response: Reply) -> str:
    """Return in plain words which failure a resolver answered with."""
    code = dns.rcode.to_text(response.rcode)
    more = few(response.errors, ", ")
    code = f"{code} ({more})" if more else code
    if response.rcode == dns.rcode.SERVFAIL:
        return (
            f"it answered {code}: the name servers of the domain do not answer it, or the "
            "DNSSEC signatures of the domain are wrong"
        )
    return f"it answered {code}"
