"""The fetching of a small file from a host that is not trusted, and from nowhere else.

For each hop, the name is looked up once, all its addresses are checked, and the connection goes to
one of them.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import itertools
import socket
import time
from collections.abc import Iterable, Iterator, Sequence

from certdesk.domain.validation.redirects import Ports, RedirectRefused, Target, follow
from certdesk.domain.values.addresses import Address, Network, refusal
from certdesk.domain.values.foreign_text import printable_text
from certdesk.validation.connection_limiter import AddressPaused, ConnectionLimiter
from certdesk.validation.exchange import Unanswered
from certdesk.validation.resolver import Resolver
from certdesk.validation.transfer import (
    OK,
    Answer,
    ExchangeFailed,
    Limits,
    NotConnected,
    TooLong,
    get,
)

_REDIRECTS = range(300, 400)
_DISCARD = 9


class NotFetched(Exception):
    """There is no content; the text says why, for the owner of the website.

    `answered` says whether any server answered.
    """

    answered = True


class NoAnswer(NotFetched):
    """No server answered by HTTP."""

    answered = False


class HostRefused(NotFetched):
    """A host is refused for every scheme; the text says why and what to do."""


class HostUnknown(HostRefused):
    """No name server answered for the host."""

    answered = False


class Unusable(Exception):
    """There is content, but it cannot be the proof; the text says why."""


@dataclasses.dataclass(slots=True)
class Trail:
    """A record of questions, answers and connections, until `deadline` by the monotonic clock.

    `resolver` and `secure` are those of the first lookup, as in `Finding`.
    """

    deadline: float
    steps: list[str] = dataclasses.field(default_factory=list)
    resolver: str = ""
    secure: bool | None = None

    def resolved(self, resolver: str, secure: bool | None) -> None:  # noqa: FBT001 - as found
        """Record which resolver answered, if this is the first look-up."""
        if not self.resolver:
            self.resolver, self.secure = resolver, secure

    def part(self, shares: int) -> Trail:
        """Return the same trail with one of `shares` equal parts of the time left."""
        now = time.monotonic()
        return dataclasses.replace(self, deadline=now + (self.deadline - now) / shares)


class Fetcher:
    """A client that fetches within `limits` from public addresses and `allowed` networks.

    Safe to use from several threads. The caller limits how many fetch at once.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        ports: Ports,
        allowed: Iterable[Network],
        limits: Limits,
        limiter: ConnectionLimiter,
    ) -> None:
        """Send nothing yet. `limiter` decides which addresses may be connected to."""
        self._resolver = resolver
        self._ports = ports
        self._allowed = tuple(allowed)
        self._limits = limits
        self._limiter = limiter

    def addresses(self, host: str, trail: Trail) -> Sequence[Address]:
        """Look a host up, and return its addresses if the desk may connect to all of them.

        One refused address refuses the host: an attacker may mix in an internal address and hope
        that it is used.

        Raises:
            HostRefused: it has no address, has a refused one, or cannot be looked up.
        """
        try:
            found = self._look_up(host, trail)
        except Unanswered as failure:
            trail.steps.extend(failure.steps)
            trail.resolved(failure.server, secure=None)
            raise HostUnknown(f"the address of {host} is not known: {failure.reason}") from None
        if not found:
            raise HostRefused(f"{host} has no address. Add an A or AAAA record for it")
        trail.steps.append(f"{host} resolves to {_list(found)}")
        for address in found:
            kind = refusal(address, self._allowed, is_own)
            if kind is not None:
                raise HostRefused(
                    f"{host} has the address {address} ({kind}), from which the desk fetches "
                    "nothing. Use public addresses in all its A and AAAA records, or "
                    "validate the name by DNS"
                )
        return _in_turn(found)

    def fetch(self, target: Target, addresses: Sequence[Address], trail: Trail) -> bytes:
        """Return the content served with status 200 at `target` or at the end of its redirects.

        Raises:
            NotFetched: there is no content.
            Unusable: it is encoded, or longer than the limit.
        """
        visited = [target]
        while True:
            answer = self._ask(visited[-1], addresses, trail)
            if answer.status not in _REDIRECTS:
                return _content(answer)
            visited.append(self._follow(visited, answer, trail))
            addresses = self.addresses(visited[-1].host, trail)

    def _look_up(self, host: str, trail: Trail) -> tuple[Address, ...]:
        deadline = min(trail.deadline, time.monotonic() + self._limits.dns)
        found = self._resolver.addresses(host, deadline)
        trail.steps.extend(found.steps)
        trail.resolved(found.server, found.secure)
        return found.addresses

    def _ask(self, target: Target, addresses: Sequence[Address], trail: Trail) -> Answer:
        trail.steps.append(f"GET {printable_text(target.url)}")
        try:
            answer = self._get(target, addresses, trail)
        except (AddressPaused, ExchangeFailed) as failed:
            trail.steps.append(str(failed))
            raise NoAnswer(str(failed)) from None
        except TooLong:
            text = f"the content is longer than {self._limits.body:,} bytes"
            trail.steps.append(text)
            raise Unusable(text) from None
        trail.steps.append(f"status {answer.status}, {len(answer.body)} bytes of content read")
        return answer

    def _get(self, target: Target, addresses: Sequence[Address], trail: Trail) -> Answer:
        """Send the request, and record which addresses took a connection and which did not."""
        port = self._ports.of(target.scheme)
        tried: list[Address] = []
        connected = True
        try:
            return get(
                target,
                _noted(self._limiter.admit(addresses, port), tried),
                port,
                limits=self._limits,
                deadline=trail.deadline,
                steps=trail.steps,
            )
        except (AddressPaused, NotConnected):
            connected = False
            raise
        finally:
            refused = tried[:-1] if connected else tried
            self._limiter.failed(refused, port)
            self._limiter.answered(tried[len(refused) :], port)

    def _follow(self, visited: Sequence[Target], answer: Answer, trail: Trail) -> Target:
        location = printable_text(answer.location or "nowhere")
        trail.steps.append(f"redirected to {location}")
        try:
            return follow(visited, answer.status, answer.location or "", self._ports)
        except RedirectRefused as refused:
            trail.steps.append(f"not followed: {refused}")
            raise NotFetched(f"the redirect to {location} is not followed: {refused}") from None


def _in_turn(found: Sequence[Address]) -> list[Address]:
    """Alternate IPv4 and IPv6, so that both are among the few that are tried (RFC 8305, 4)."""
    kinds = [[each for each in found if each.version == version] for version in (4, 6)]
    return [each for pair in itertools.zip_longest(*kinds) for each in pair if each is not None]


def _noted(addresses: Iterator[Address], tried: list[Address]) -> Iterator[Address]:
    """Yield addresses, and record each one in `tried`."""
    for address in addresses:
        tried.append(address)
        yield address


def _content(answer: Answer) -> bytes:
    if answer.status != OK:
        raise NotFetched(f"the answer has status {answer.status} instead of {OK}")
    if answer.encoding is not None:
        raise Unusable(
            f"the content is encoded ({printable_text(answer.encoding)}), which the desk did "
            "not request"
        )
    return answer.body


def _list(addresses: Iterable[Address]) -> str:
    return printable_text(", ".join(str(address) for address in addresses))


def is_own(address: Address) -> bool:
    """Return whether an address belongs to this machine.

    The system reports which source address it would use to reach another address; for its own, that
    is the same address. Connecting a datagram socket sends nothing.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((str(address), _DISCARD))
        except OSError:
            return False
        return ipaddress.ip_address(asking.getsockname()[0]) == address
