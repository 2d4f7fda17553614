"""The OCSP responder of the private CA: answers from the stored records.

An authority's key does not sign answers: it certifies a responder, whose key lives only in the
memory of the process.
"""

from __future__ import annotations

import functools
import threading
from datetime import datetime

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPResponse

from certdesk.domain.pki import ocsp, ocsp_request
from certdesk.domain.pki.authority import Rank, own_hash, plan_of
from certdesk.domain.pki.crl import Revoked
from certdesk.domain.pki.ocsp_request import Asked
from certdesk.domain.pki.records import Certificate
from certdesk.domain.values.record import Record
from certdesk.domain.values.revocation_reason import Reason
from certdesk.issuers.hierarchy import NAME, Dependencies, Hierarchy, new_serial
from certdesk.ports import OcspAnswer, Unit, note_of

log = structlog.get_logger()


class DelegatedResponder(Record, kw_only=True):
    """A delegated responder (RFC 6960, 2.6): a key that may answer for an authority."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def answers(self, now: datetime) -> bool:
        """Whether it may answer now: in the first half of its validity, as answers last."""
        begins, ends = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        return begins <= now <= begins + (ends - begins) / 2


class Responder:
    """An OCSP responder for the issuing authorities. Safe to use from several threads."""

    def __init__(self, world: Dependencies, hierarchy: Hierarchy) -> None:
        """Certify nothing yet."""
        self._world = world
        self._hierarchy = hierarchy
        self._certifying = threading.Lock()
        self._delegates: dict[str, DelegatedResponder] = {}

    def answer(self, request: bytes) -> OcspAnswer:
        """Answer a request; see `ports.Pki`.

        The status is good for an issued certificate that is not revoked, and unknown for one that
        the authority never issued. An answer is signed for one authority: if a request asks about
        certificates of several, the first known authority answers, and the others' certificates are
        unknown.
        """
        try:
            asked = ocsp_request.read(request)
        except ocsp_request.Malformed:
            return _refusal(ocsp.malformed())
        authority = self._authority(asked)
        if authority is None:
            return _refusal(ocsp.unauthorised())
        statuses = self._world.store.read(functools.partial(self._statuses, authority, asked))
        delegate = self._delegate_of(authority)
        content = ocsp.content(asked, statuses, delegate.certificate, self._world.clock.now())
        signature = delegate.key.sign(content, ec.ECDSA(hashes.SHA256()))
        return OcspAnswer(
            der=ocsp.response(content, signature, delegate.certificate),
            lasting=asked.nonce is None and "unknown" not in statuses,
        )

    def _authority(self, asked: Asked) -> str | None:
        """Find the authority of the first certificate whose issuer is the desk's."""
        issuing = [
            each.name for each in self._hierarchy.made() if plan_of(each.name).rank is Rank.ISSUING
        ]
        found = (
            name
            for one in asked.ids
            for name in issuing
            if one.names(self._hierarchy.certificate(name))
        )
        return next(found, None)

    def _statuses(self, authority: str, asked: Asked, unit: Unit) -> list[ocsp.Status]:
        issuer = self._hierarchy.certificate(authority)
        return [
            self._status(authority, one.serial, unit) if one.names(issuer) else "unknown"
            for one in asked.ids
        ]

    def _status(self, authority: str, serial: int, unit: Unit) -> ocsp.Status:
        found = unit.revoked_certificates.get(authority, f"{serial:x}")
        if found is not None:
            reason = Reason(found.reason).flag
            return Revoked(serial=serial, revoked_at=found.revoked_at, reason=reason)
        its = self._hierarchy.certificate(authority).subject
        issued = unit.certificates.where(issuer=NAME, serial=f"{serial:x}")
        return "good" if any(_issuer_of(each) == its for each in issued) else "unknown"

    def _delegate_of(self, authority: str) -> DelegatedResponder:
        """Return the responder of an authority; it is renewed in the middle of its validity."""
        now = self._world.clock.now()
        with self._certifying:
            delegate = self._delegates.get(authority)
            if delegate is None or not delegate.answers(now):
                delegate = self._delegates[authority] = self._certified(authority)
            return delegate

    def _certified(self, authority: str) -> DelegatedResponder:
        issuer = self._hierarchy.certificate(authority)
        key = ec.generate_private_key(ec.SECP256R1())
        serial, now = new_serial(self._world.rng), self._world.clock.now()
        written = ocsp.responder_builder(issuer, key.public_key(), serial, now)
        signing_key = self._hierarchy.key(authority)
        certificate = written.sign(signing_key, own_hash(signing_key.public_key()))
        self._world.store.write(
            lambda unit: note_of(unit, now, "MakeResponder", authority, f"serial {serial:x}")
        )
        log.info("OCSP responder certified", authority=authority)
        return DelegatedResponder(certificate=certificate, key=key)


def _issuer_of(certificate: Certificate) -> x509.Name:
    return x509.load_der_x509_certificate(certificate.leaf).issuer


def _refusal(response: OCSPResponse) -> OcspAnswer:
    return OcspAnswer(der=response.public_bytes(Encoding.DER), lasting=False)
