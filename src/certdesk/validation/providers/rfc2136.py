"""A DNS provider: any server that takes dynamic updates (RFC 2136) signed with TSIG (RFC 8945).

An update goes to the zone's own server only, by TCP. Signatures are made and checked by the
machine's clock, even if the desk's clock was moved, since the server uses real time.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import time
from typing import Annotated

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.update
from dns.rdtypes.ANY.TXT import TXT

from certdesk.domain.validation.challenge import Challenge, ProofKind
from certdesk.domain.values.secret import Secret
from certdesk.ports import Given, SettingRefused, UpdateFailed
from certdesk.validation.exchange import Server, Unanswered, by_tcp

LIMIT_SECONDS = 5.0
TTL_SECONDS = 60
"""How long resolvers may cache a record: it is read soon and removed soon after."""

_REFUSED = {
    dns.rcode.REFUSED: "the key may not change this record",
    dns.rcode.NOTAUTH: "it does not have the zone or does not know the key",
    dns.rcode.NOTZONE: "the record is not in the zone",
    dns.rcode.NOTIMP: "it accepts no updates",
    dns.rcode.SERVFAIL: "it failed; see its own log",
}

ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224")
"""The algorithms of RFC 8945 that are strong enough for new keys."""

# Slashes in quotation marks start no comment: Base64 can contain two of them. An unclosed comment
# or quotation extends to the end of the text.
_COMMENT = re.compile(r'("[^"]*"?)|/\*.*?(?:\*/|\Z)|//[^\n]*|#[^\n]*', re.DOTALL)
_KEY = re.compile(r'key\s+"?([^\s"{};]+)"?\s*\{(.*)\}\s*;?', re.DOTALL | re.IGNORECASE)
_ITEM = re.compile(r'(algorithm|secret)\s+"?([^\s";]+)"?', re.IGNORECASE)
_KEY_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rfc2136Settings:
    """The server of a zone, as `127.0.0.1:53` or `[::1]:53`, and the key to sign updates with."""

    server: str
    key_name: str
    algorithm: str
    secret: Secret


class Rfc2136:
    """A `ports.DnsProvider` that sends dynamic updates."""

    name = "rfc2136"

    def settings(
        self,
        *,
        server: Annotated[str, Given("ADDRESS:PORT", "The DNS server that accepts updates.")],
        key: Annotated[
            Secret, Given("FILE", "The TSIG key to sign updates with, as tsig-keygen writes it.")
        ],
    ) -> Rfc2136Settings:
        """Read the server's address and the key: `key "name" { algorithm …; secret "…"; };`.

        Raises:
            SettingRefused: one of them is invalid.
        """
        try:
            # Not a name: updates would go to any server that the name is pointed at.
            address = Server.parse(server, port_needed=True)
        except ValueError:
            rule = "must be an address and a port, such as 127.0.0.1:53 or [::1]:53"
            raise SettingRefused("server", rule) from None
        name, algorithm, secret = _parse_key(key.text())
        return Rfc2136Settings(
            server=str(address), key_name=name, algorithm=algorithm, secret=secret
        )

    def add(self, zone: str, settings: Rfc2136Settings, challenge: Challenge) -> None:
        """Add the record to the zone; an existing one stays."""
        update = _update(zone, settings)
        update.add(_owner(challenge), TTL_SECONDS, _record(challenge))
        _send(update, zone, settings)

    def remove(self, zone: str, settings: Rfc2136Settings, challenge: Challenge) -> None:
        """Remove the record from the zone; a missing one is no error."""
        update = _update(zone, settings)
        update.delete(_owner(challenge), _record(challenge))
        _send(update, zone, settings)


def _update(zone: str, settings: Rfc2136Settings) -> dns.update.UpdateMessage:
    key = dns.tsig.Key(settings.key_name, settings.secret.reveal(), settings.algorithm)
    return dns.update.UpdateMessage(zone, keyring=key)


def _owner(challenge: Challenge) -> dns.name.Name:
    return dns.name.from_text(challenge.record)


def _record(challenge: Challenge) -> dns.rdata.Rdata:
    if challenge.kind is ProofKind.TXT:
        # Not read from text, in which quotation marks and backslashes of a CA would end the value.
        return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, [challenge.value])
    kind = dns.rdatatype.from_text(challenge.kind.value)
    return dns.rdata.from_text(dns.rdataclass.IN, kind, f"{challenge.value}.")


def _send(update: dns.update.UpdateMessage, zone: str, settings: Rfc2136Settings) -> None:
    """Send an update, and trust only a signed answer.

    Raises:
        UpdateFailed: no such answer came within 5 seconds, or it says that nothing was changed.
    """
    said = f"The DNS server {settings.server} of the zone {zone}"
    try:
        code = _answer(update, settings)
    except _Unbelievable as error:
        raise UpdateFailed(f"{said} {error}.") from None
    if code != dns.rcode.NOERROR:
        why = _REFUSED.get(code, "nothing was changed")
        raise UpdateFailed(f"{said} answered {dns.rcode.to_text(code)}: {why}.")


class _Unbelievable(Exception):
    """There is no answer that can be trusted; the text, after "the server", says why."""


def _answer(update: dns.update.UpdateMessage, settings: Rfc2136Settings) -> dns.rcode.Rcode:
    deadline = time.monotonic() + LIMIT_SECONDS
    try:
        wire = by_tcp(update.to_wire(), Server.parse(settings.server), deadline)
    except TimeoutError:
        raise _Unbelievable(f"did not answer within {LIMIT_SECONDS:.0f} seconds") from None
    except Unanswered as failure:
        raise _Unbelievable(f"did not answer: {failure.reason}") from None
    except OSError as error:
        raise _Unbelievable(f"cannot be reached: {error.strerror or error}") from None
    return _code(wire, update, settings)


def _code(
    wire: bytes, update: dns.update.UpdateMessage, settings: Rfc2136Settings
) -> dns.rcode.Rcode:
    """Return the code of an answer; success is believed only with a correct signature."""
    name = settings.key_name
    try:
        head = dns.message.from_wire(wire, question_only=True, ignore_trailing=True)
    except dns.exception.DNSException:
        raise _Unbelievable("sent an answer that cannot be read") from None
    if not update.is_response(head):
        raise _Unbelievable("sent something else than an answer to the update")
    try:
        dns.message.from_wire(wire, keyring=update.keyring, request_mac=update.mac)
    except dns.tsig.PeerBadKey:
        raise _Unbelievable(f"does not know the key {name} ({settings.algorithm})") from None
    except dns.tsig.PeerBadSignature:
        raise _Unbelievable(f"has another secret for the key {name}") from None
    except (dns.tsig.PeerBadTime, dns.tsig.BadTime):
        raise _Unbelievable(
            "has a clock that differs by minutes from the clock of this machine"
        ) from None
    except Exception:  # noqa: BLE001 - dnspython's are many, and any bytes may come
        # An unsigned answer may come from anyone. A reported failure is still passed on.
        if head.rcode() == dns.rcode.NOERROR:
            raise _Unbelievable("sent an answer with a wrong signature") from None
    return head.rcode()


def _parse_key(text: str) -> tuple[str, str, Secret]:
    """Return the name, the algorithm and the secret of a key; no error text shows any of it."""
    whole = _KEY.fullmatch(_COMMENT.sub(r"\1", text).strip())
    if whole is None:
        raise _key_refused(
            'must be one key, such as key "name" { algorithm hmac-sha256; secret "…"; };'
        )
    *items, rest = map(str.strip, whole[2].split(";"))
    found = [_ITEM.fullmatch(item) for item in items]
    given = {item[1].lower(): item[2] for item in found if item}
    if rest or not all(found) or given.keys() != {"algorithm", "secret"}:
        raise _key_refused("a key must have an algorithm and a secret, and nothing else")
    algorithm = given["algorithm"].lower().removesuffix(".")
    if algorithm not in ALGORITHMS:
        raise _key_refused(f"the algorithm must be one of {', '.join(ALGORITHMS)}")
    return _key_name(whole[1]), algorithm, _bytes(given["secret"])


def _key_name(text: str) -> str:
    name = text.lower().removesuffix(".")
    if not _KEY_NAME.fullmatch(name):
        raise _key_refused(
            "the labels of a key's name must consist of letters, digits, hyphens and underscores"
        )
    return name


def _bytes(text: str) -> Secret:
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _key_refused("the secret must be in Base64") from None
    if not secret:
        raise _key_refused("the secret is empty")
    return Secret(secret)


def _key_refused(rule: str) -> SettingRefused:
    return SettingRefused("key", rule)
