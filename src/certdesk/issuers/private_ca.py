"""The private CA as an issuer: what it will sign is stored first, and checked before signing."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certdesk.domain.operation.checkup import Observation
from certdesk.domain.pki import clock_guard, profile
from certdesk.domain.pki.authority import Source, hash_named, issuer_for, path_above
from certdesk.domain.pki.clock_guard import latest_of
from certdesk.domain.pki.issuance import Declined, Issued, IssueRequest, Later, Progress, Recorded
from certdesk.domain.pki.preissuance import FIRST_BACK, LAST_BACK, Circumstances, IssuanceRefused
from certdesk.domain.pki.records import Certificate, RevokedCertificate
from certdesk.domain.pki.signing import Planned, prepare, record
from certdesk.domain.validation.caa import NO_IDENTITY, CaaIdentity
from certdesk.domain.values.keys import PrivateKey
from certdesk.domain.values.revocation_reason import Reason
from certdesk.domain.values.validity import days_allowed, period
from certdesk.issuers.checkup import CaCheckup
from certdesk.issuers.hierarchy import NAME, Dependencies, Hierarchy, new_serial
from certdesk.issuers.publication import Publication
from certdesk.issuers.responder import Responder
from certdesk.issuers.revocation_lists import RevocationLists
from certdesk.ports import DESK, Issuer, Taken, Unit, block_of

AGAIN_AFTER = timedelta(minutes=1)
"""When to ask again after proofs or CAA checks were too old, or the clock was wrong."""

_THROW_AWAY_BITS = 2048

log = structlog.get_logger()


class PrivateCa(Issuer):
    """A `ports.Issuer` with the desk's own authorities.

    `own_days` is the validity that the operator has set; 0 is the longest that a public CA may use.
    """

    def __init__(
        self,
        world: Dependencies,
        hierarchy: Hierarchy,
        own_days: int,
        caa: CaaIdentity | None = None,
    ) -> None:
        """Create nothing yet; authorities are created when the first certificate needs them."""
        self._world = world
        self._hierarchy = hierarchy
        self._lists = RevocationLists(world.store, world.clock, hierarchy)
        responder = Responder(world, hierarchy)
        self._pki = Publication(hierarchy, self._lists, responder, world.urls)
        self._checkup = CaCheckup(world, hierarchy, responder)
        self._own_days = own_days
        self._caa = caa or NO_IDENTITY
        self._rehearsing = threading.Lock()

    @property
    def name(self) -> str:
        """The issuer's name in records and in the log."""
        return NAME

    @property
    def caa(self) -> CaaIdentity:
        """The issuer's identity in CAA records."""
        return self._caa

    @property
    def is_own(self) -> bool:
        """It is."""
        return True

    @property
    def pki(self) -> Publication:
        """Its certificates, its CRLs, and the status of what it issued."""
        return self._pki

    def examine(self) -> Iterator[Observation]:
        """Check whether it can sign; see `ports.Issuer`."""
        return self._checkup.examine()

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Take the next step: first write the certificate, then sign what was written.

        A written certificate may be signed for 48 hours; after that a new attempt is needed.
        """
        try:
            return self._finish(request, recorded) if recorded else self._begin(request)
        except IssuanceRefused as refused:
            log.warning(
                "certificate refused before it was signed",
                certificate_id=request.certificate_id,
                attempt=request.attempt,
                rule=refused.rule,
            )
            if refused.transient:
                return Later(at=self._world.clock.now() + AGAIN_AFTER, reason=refused.rule)
            return Declined(reason=refused.rule)

    def revoke(self, certificate: Certificate, reason: Reason) -> None:
        """Record a revocation, and make a CRL that lists it; see `ports.Issuer`."""
        if certificate.issuer != NAME:
            raise LookupError(certificate.issuer)
        leaf = x509.load_der_x509_certificate(certificate.leaf)
        authority = self._hierarchy.signer_of(leaf)
        revoked = RevokedCertificate(
            authority=authority,
            serial=certificate.serial,
            certificate_id=certificate.certificate_id,
            reason=reason,
            revoked_at=self._world.clock.now(),
            ends_at=certificate.ends_at,
        )
        # It was already done before a crash.
        with contextlib.suppress(Taken):
            self._world.store.write(lambda unit: unit.revoked_certificates.add(revoked))
        self._lists.current(authority)

    def _begin(self, request: IssueRequest) -> Recorded:
        """Write the certificate, and check that it can be signed, before it is stored."""
        planned = self._plan(request)
        at = self._circumstances(request, FIRST_BACK, planned)
        return record(planned, request, at, self._fingerprint)

    def _finish(self, request: IssueRequest, recorded: Recorded) -> Issued:
        circumstances = functools.partial(self._circumstances, request, LAST_BACK)
        token = prepare(recorded, request, circumstances, self._fingerprint)
        path = [
            self._hierarchy.certificate(name).public_bytes(Encoding.DER)
            for name in (token.authority, *path_above(token.authority, cross=request.cross_sign))
        ]
        return Issued(leaf=self._hierarchy.sign(token), chain=tuple(path[:-1]), root=path[-1])

    def _plan(self, request: IssueRequest) -> Planned:
        try:
            public_key = request.csr.public_key
            line = issuer_for(public_key, request.hash_name)
            authority = self._hierarchy.issuing(line)
            source = self._hierarchy.source(authority)
            now, serial = self._world.clock.now(), new_serial(self._world.rng)
            latest = source.certificate.not_valid_after_utc
            draft = profile.Draft(
                source=source,
                public_key=public_key,
                serial=serial,
                period=period(
                    now,
                    days_allowed(now, self._own_days, request.most_days),
                    min(latest, request.ends_by or latest),
                ),
                sandbox=self._hierarchy.sandbox,
            )
            builder = profile.builder(request, draft)
        except ValueError as error:
            raise IssuanceRefused(str(error)) from error
        rehearsal = builder.sign(
            self._throw_away(source.certificate), hash_named(request.hash_name)
        )
        return Planned(
            tbs=rehearsal.tbs_certificate_bytes,
            serial=f"{serial:x}",
            authority=authority,
            certificate_url=source.certificate_url,
            crl_url=source.crl_url,
            ocsp_url=source.ocsp_url,
        )

    def _circumstances(
        self, request: IssueRequest, back: timedelta, planned: Planned
    ) -> Circumstances:
        blocked, latest = self._world.store.read(functools.partial(_known, request))
        return Circumstances(
            authority=planned.authority,
            source=Source(
                certificate=self._hierarchy.certificate(planned.authority),
                certificate_url=planned.certificate_url,
                crl_url=planned.crl_url,
                ocsp_url=planned.ocsp_url,
            ),
            blocked=blocked,
            now=self._world.clock.now(),
            own_days=self._own_days,
            back=back,
            sandbox=self._hierarchy.sandbox,
            latest=latest,
        )

    def _fingerprint(self, written: bytes) -> bytes:
        return self._world.vault.fingerprint(DESK, written)

    def _throw_away(self, signer: x509.Certificate) -> PrivateKey:
        """Return a throw-away key of the signer's kind; its signatures never leave this process.

        The library cannot write a to-be-signed part without signing it.
        """
        if isinstance(signer.public_key(), rsa.RSAPublicKey):
            with self._rehearsing:
                return _rsa_throw_away()
        return ec.generate_private_key(ec.SECP256R1())


def _known(request: IssueRequest, unit: Unit) -> tuple[bool, datetime | None]:
    """Return whether a request's key is blocked, and the latest time that the desk has seen."""
    block = block_of(unit, request.uin, request.csr.spki_sha256)
    return block is not None, latest_of(unit.marks.get(clock_guard.MARK))


@functools.cache
def _rsa_throw_away() -> rsa.RSAPrivateKey:
    """Return one key for the process: creating it takes as long as a hundred signatures."""
    return rsa.generate_private_key(65537, _THROW_AWAY_BITS)
