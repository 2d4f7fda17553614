"""A CA in memory, which issues every request or follows a test's script."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certdesk.domain.pki.issuance import Issued, IssueRequest, Progress, Recorded
from certdesk.domain.pki.records import Certificate
from certdesk.domain.validation.caa import NO_IDENTITY, CaaIdentity
from certdesk.domain.values.keys import PublicKey
from certdesk.domain.values.revocation_reason import Reason
from certdesk.ports import Clock, Issuer

LEAF_DAYS = timedelta(days=90)
CA_DAYS = timedelta(days=3650)


class ScriptedIssuer(Issuer):
    """A `ports.Issuer` that has one state recorded, then issues without any checks.

    `asked` has every call in order: the request and the state. `revoked` has the serial numbers of
    revoked certificates, with reasons.
    """

    def __init__(
        self, clock: Clock, name: str = "scripted", caa: CaaIdentity | None = None
    ) -> None:
        """Make a root and an issuing CA."""
        self._caa = caa or NO_IDENTITY
        self.asked: list[tuple[IssueRequest, bytes | None]] = []
        self.revoked: dict[str, Reason] = {}
        self._clock = clock
        self._name = name
        self._script: deque[Progress | Exception] = deque()
        self._lock = threading.Lock()
        root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        root = _named(f"{name} root")
        self._root = self._ca(root, root, root_key.public_key(), root_key)
        self._issuing = self._ca(_named(f"{name} issuing"), root, self._key.public_key(), root_key)

    @property
    def name(self) -> str:
        """The issuer's name in records and in the log."""
        return self._name

    @property
    def caa(self) -> CaaIdentity:
        """The issuer's identity in CAA records."""
        return self._caa

    def will(self, *answers: Progress | Exception) -> None:
        """Answer the next calls with these, or raise them, instead of issuing."""
        with self._lock:
            self._script.extend(answers)

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Take the next step; the state is the certificate to come.

        Raises:
            ValueError: the state is not one of its own.
        """
        state = recorded.state if recorded else None
        with self._lock:
            self.asked.append((request, state))
            scripted = self._script.popleft() if self._script else None
        if isinstance(scripted, Exception):
            raise scripted
        if scripted is not None:
            return scripted
        if state is None:
            leaf = self._leaf(request)
            return Recorded(state=leaf.public_bytes(Encoding.DER), serial=f"{leaf.serial_number:x}")
        leaf = x509.load_der_x509_certificate(state)
        chain = (self._issuing.public_bytes(Encoding.DER),)
        root = self._root.public_bytes(Encoding.DER)
        return Issued(leaf=leaf.public_bytes(Encoding.DER), chain=chain, root=root)

    def revoke(self, certificate: Certificate, reason: Reason) -> None:
        """Record a revocation in `revoked`, once."""
        if certificate.issuer != self._name:
            raise LookupError(certificate.issuer)
        with self._lock:
            self.revoked.setdefault(certificate.serial, reason)

    def _leaf(self, request: IssueRequest) -> x509.Certificate:
        names = x509.SubjectAlternativeName([x509.DNSName(name.ascii) for name in request.names])
        return (
            self._begun(LEAF_DAYS, request.ends_by)
            .subject_name(_named(request.names[0].ascii))
            .issuer_name(self._issuing.subject)
            .public_key(request.csr.public_key)
            .add_extension(names, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _ca(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        public_key: PublicKey,
        signer: ec.EllipticCurvePrivateKey,
    ) -> x509.Certificate:
        return (
            self._begun(CA_DAYS)
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public_key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(signer, hashes.SHA256())
        )

    def _begun(self, span: timedelta, ends_by: datetime | None = None) -> x509.CertificateBuilder:
        now = self._clock.now()
        ends = now + span
        return (
            x509.CertificateBuilder()
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(min(ends, ends_by or ends))
        )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
