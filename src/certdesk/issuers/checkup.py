"""A check-up of the private CA: whether it can sign and publish revocations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certdesk.domain.operation.checkup import Observation, failure, good, warning
from certdesk.domain.pki.authority import Rank, line_of, plan_of
from certdesk.domain.pki.crl import RENEWED_AFTER
from certdesk.domain.pki.records import Authority
from certdesk.domain.values.addresses import address_in
from certdesk.issuers.hierarchy import Dependencies, Hierarchy
from certdesk.issuers.responder import Responder

CHECK = "ca"
SOON = timedelta(days=60)
ROOT_SOON = timedelta(days=730)
NOBODY = 1
"""A serial number that no authority uses."""

RESTORE = "put back the key file and the database of the same desk (guide: Back up)"
AT_WORK = "start certdesk serve, or certdesk worker, which makes it; see the log if it runs"


class CaCheckup:
    """A check-up of the existing authorities."""

    def __init__(self, world: Dependencies, hierarchy: Hierarchy, responder: Responder) -> None:
        """Create nothing."""
        self._world = world
        self._hierarchy = hierarchy
        self._responder = responder

    def examine(self) -> Iterator[Observation]:
        """Report on the ends, keys, CRLs and OCSP of authorities, and on the URL they name."""
        made, now = self._hierarchy.made(), self._world.clock.now()
        if not made:
            yield good(CHECK, "there are no authorities yet; the first order makes them")
        newest = {line_of(each.name): each for each in made if self._end(each) > now}
        for authority in made:
            faults = list(self._faults(authority, now, newest.get(line_of(authority.name))))
            yield from faults
            if not faults:
                yield good(
                    CHECK, f"{authority.name} is valid until {self._end(authority):%Y-%m-%d}"
                )
        yield from self._address(made)

    def _faults(
        self, authority: Authority, now: datetime, newest: Authority | None
    ) -> Iterator[Observation]:
        name, end = authority.name, self._end(authority)
        if newest is None:
            yield failure(CHECK, f"{name} expired on {end:%Y-%m-%d} and no longer signs", AT_WORK)
        if end <= now:
            return
        issuing = plan_of(name).rank is Rank.ISSUING
        if issuing and authority is newest and end - now < SOON:
            yield warning(CHECK, f"{name} expires on {end:%Y-%m-%d} and has no successor", AT_WORK)
        if not issuing and end - now < ROOT_SOON:
            yield warning(
                CHECK,
                f"{name} expires on {end:%Y-%m-%d}, and so does everything below it",
                (
                    "start a desk with a new CA in time, and add its roots to the trust of your "
                    "clients"
                ),
            )
        if authority.private_key is None:
            return
        yield from self._list(name, now)
        locked = self._hierarchy.fault_of(authority)
        if locked is not None:
            yield failure(CHECK, locked, RESTORE)
        elif issuing:
            yield from self._status(name)

    def _list(self, name: str, now: datetime) -> Iterator[Observation]:
        last = self._world.store.read(lambda unit: unit.revocation_lists.get(name))
        if last is None:
            yield warning(CHECK, f"{name} has no CRL yet", AT_WORK)
        elif last.next_at <= now:
            yield failure(
                CHECK, f"the CRL of {name} ended at {last.next_at:%Y-%m-%d %H:%M} UTC", AT_WORK
            )
        elif now - last.made_at > 2 * RENEWED_AFTER:
            yield warning(
                CHECK, f"the CRL of {name} is of {last.made_at:%Y-%m-%d %H:%M} UTC", AT_WORK
            )

    def _status(self, name: str) -> Iterator[Observation]:
        """Ask for the status of a certificate as clients do; it may be unknown."""
        certificate = self._hierarchy.certificate(name)
        asking = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
            _digest(certificate.subject.public_bytes()),
            x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest,
            NOBODY,
            hashes.SHA1(),  # noqa: S303 -- as clients do
        )
        answer = self._responder.answer(asking.build().public_bytes(Encoding.DER))
        status = ocsp.load_der_ocsp_response(answer.der).response_status
        if status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            yield failure(CHECK, f"OCSP of {name} answers {status.name}", "see the log")

    def _address(self, made: list[Authority]) -> Iterator[Observation]:
        base = self._world.urls.base
        if made and _here_alone(urlsplit(base).hostname or ""):
            yield warning(
                CHECK,
                f"certificates contain {base} for CRLs and OCSP, which only this machine can reach",
                (
                    "set ca.base_url to the URL at which others reach the desk; issued "
                    "certificates keep the old one"
                ),
            )

    def _end(self, authority: Authority) -> datetime:
        return self._hierarchy.certificate(authority.name).not_valid_after_utc


def _digest(content: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA1())  # noqa: S303 -- as clients do
    digest.update(content)
    return digest.finalize()


def _here_alone(host: str) -> bool:
    address = address_in(host)
    return address.is_loopback if address else host == "localhost"
