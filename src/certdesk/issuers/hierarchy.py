"""The private CA's authorities: created when first needed, and kept in the store.

Two processes may create one at the same time. The one stored first counts and the other is
discarded, so there are never two with the same name.
"""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from certdesk.domain.pki import tbs
from certdesk.domain.pki.authority import (
    PLANS,
    Identity,
    Plan,
    Rank,
    Source,
    generation_of,
    hash_named,
    later_name,
    line_of,
    new_key,
    own_hash,
    plan_of,
)
from certdesk.domain.pki.authority_profile import Draft, builder, name_of
from certdesk.domain.pki.records import Authority
from certdesk.domain.pki.signing import SigningToken
from certdesk.domain.values import keys
from certdesk.domain.values.keys import PrivateKey
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret
from certdesk.issuers.urls import PublicUrls
from certdesk.ports import DESK, Clock, Place, Store, Taken, Unit, Vault, VaultError, note_of

NAME = "private"
"""The name of the private CA in records."""

SERIAL_BITS = 159

log = structlog.get_logger()


def new_serial(rng: random.Random) -> int:
    """Draw a serial number: positive, 20 bytes at most, high bit unset (RFC 5280, 4.1.2.2)."""
    return rng.getrandbits(SERIAL_BITS)


class Dependencies(Record, kw_only=True, gc=True):
    """What the private CA depends on."""

    store: Store
    vault: Vault
    clock: Clock
    rng: random.Random
    urls: PublicUrls


class Hierarchy:
    """The authorities, their certificates and keys. Safe to use from several threads.

    The keys are sealed in the store, and in memory only while they are used.
    """

    def __init__(self, world: Dependencies, identity: Identity, overlap: timedelta) -> None:
        """Create nothing yet: an RSA key takes seconds.

        An issuing authority is replaced by the next one `overlap` before its end.
        """
        self._overlap = overlap
        self._world = world
        self._identity = identity
        self._making = threading.RLock()
        self._known: dict[str, x509.Certificate] = {}

    @property
    def sandbox(self) -> bool:
        """Whether its certificates are for tests only."""
        return self._identity.sandbox

    def made(self) -> list[Authority]:
        """Return the existing authorities, roots first."""
        found = self._world.store.read(lambda unit: unit.authorities.where())
        order = list(PLANS)
        return sorted(
            found, key=lambda each: (order.index(line_of(each.name)), generation_of(each.name))
        )

    def find(self, name: str) -> Authority | None:
        """Return an authority, or None if it does not exist."""
        return self._world.store.read(lambda unit: unit.authorities.get(name))

    def certificate(self, name: str) -> x509.Certificate:
        """Return an authority's certificate; create the authority if needed."""
        known = self._known.get(name)
        if known is None:
            known = x509.load_der_x509_certificate(self._stored(plan_of(name)).certificate)
            self._known[name] = known
        return known

    def issuing(self, line: str) -> str:
        """Return the name of the authority of a line that signs now; create it if needed.

        It is the newest one. If that ends too soon for what it signs, the next one is created. One
        that starts in the future, since the clock was once ahead, is skipped until then.
        """
        now = self._world.clock.now()
        its = [each.name for each in self.made() if line_of(each.name) == line]
        begun = [name for name in its if self.certificate(name).not_valid_before_utc <= now]
        newest = begun[-1] if begun else line
        ends = self.certificate(newest).not_valid_after_utc
        signer = PLANS[line].signer
        # No certificate may outlast the root.
        lasting = signer is not None and self.certificate(signer).not_valid_after_utc > ends
        if ends - now >= self._overlap or not lasting:
            return newest
        following = later_name(line, max(map(generation_of, its)) + 1)
        self.certificate(following)
        return following

    def hand_over(self) -> None:
        """Create the next authority of each line whose newest one ends soon."""
        for line in {line_of(each.name) for each in self.made()}:
            if PLANS[line].rank is Rank.ISSUING:
                self.issuing(line)

    def fault_of(self, authority: Authority) -> str | None:
        """Return a fault text if an authority's own key cannot be decrypted."""
        try:
            self.key(authority.name)
        except (LookupError, TypeError, ValueError, VaultError):
            return f"the key of the authority {authority.name} cannot be decrypted"
        return None

    def source(self, name: str) -> Source:
        """Return what the certificates that an authority signs say of it.

        OCSP covers subscribers' certificates only, not those of authorities.
        """
        issuing = plan_of(name).rank is Rank.ISSUING
        return Source(
            certificate=self.certificate(name),
            certificate_url=self._world.urls.certificate(name),
            crl_url=self._world.urls.crl(name),
            ocsp_url=self._world.urls.ocsp() if issuing else "",
        )

    def signer_of(self, certificate: x509.Certificate) -> str:
        """Return the name of the issuing authority that signed a certificate.

        Raises:
            LookupError: none has.
        """
        for authority in self.made():
            if plan_of(authority.name).rank is not Rank.ISSUING:
                continue
            if self.certificate(authority.name).subject == certificate.issuer:
                return authority.name
        raise LookupError(certificate.issuer.rfc4514_string())

    def sign(self, token: SigningToken) -> bytes:
        """Sign a subscriber's certificate; return it in DER. No other function signs one.

        Raises:
            IndexError: the token was already used.
        """
        key, written = self.key(token.authority), token.spend()
        leaf = tbs.assemble(written, _signature(key, token.hash_name, written))
        certificate = self.certificate(token.authority)
        x509.load_der_x509_certificate(leaf).verify_directly_issued_by(certificate)
        return leaf

    def key(self, name: str) -> PrivateKey:
        """Decrypt an authority's key.

        Raises:
            LookupError: the authority does not exist, or has no key of its own.
            VaultError: the key cannot be decrypted.
        """
        found = self.find(name)
        if found is None or found.private_key is None:
            raise LookupError(name)
        pem = self._world.vault.open(found.private_key, _place(name))
        # The key was checked when it was created.
        key = load_pem_private_key(pem.reveal(), None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, PrivateKey):
            raise TypeError(name)
        return key

    def _stored(self, plan: Plan) -> Authority:
        with self._making:
            return self.find(plan.name) or self._keep(self._make(plan))

    def _keep(self, made: Authority) -> Authority:
        try:
            kept = self._world.store.write(lambda unit: _add(unit, made))
        except Taken:
            found = self.find(made.name)
            assert found is not None  # noqa: S101 -- authorities are never removed
            return found
        log.info("authority made", name=kept.name)
        return kept

    def _make(self, plan: Plan) -> Authority:
        return self._cross_signed(plan, plan.key_of) if plan.key_of else self._new(plan)

    def _new(self, plan: Plan) -> Authority:
        """Create a key and certify it by the signer; a root is self-signed."""
        signer = self.source(plan.signer) if plan.signer else None
        key = new_key(plan)
        public_key = key.public_key()
        draft = Draft(
            plan=plan,
            subject=name_of(plan, self._identity, public_key),
            public_key=public_key,
            serial=new_serial(self._world.rng),
            now=self._world.clock.now(),
            signer=signer,
        )
        pem = Secret(keys.private_key_pem(key))
        return Authority(
            name=plan.name,
            certificate=_certified(draft, self.key(plan.signer) if plan.signer else key),
            private_key=self._world.vault.seal(pem, _place(plan.name)),
            created_at=draft.now,
        )

    def _cross_signed(self, plan: Plan, root: str) -> Authority:
        """Certify a root's name and key once more, by the older root."""
        assert plan.signer is not None  # noqa: S101 -- the plan of every cross-signed root has one
        itself = self.certificate(root)
        public_key = itself.public_key()
        assert isinstance(public_key, keys.PublicKey)  # noqa: S101 -- made here
        draft = Draft(
            plan=plan,
            subject=itself.subject,
            public_key=public_key,
            serial=new_serial(self._world.rng),
            now=self._world.clock.now(),
            signer=self.source(plan.signer),
        )
        return Authority(
            name=plan.name,
            certificate=_certified(draft, self.key(plan.signer)),
            private_key=None,
            key_of=root,
            created_at=draft.now,
        )


def _signature(key: PrivateKey, hash_name: str, data: bytes) -> bytes:
    digest = hash_named(hash_name)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), digest)
    return key.sign(data, ec.ECDSA(digest))


def _certified(draft: Draft, signing_key: PrivateKey) -> bytes:
    signed = builder(draft).sign(signing_key, own_hash(signing_key.public_key()))
    return signed.public_bytes(Encoding.DER)


def _add(unit: Unit, made: Authority) -> Authority:
    kept = unit.authorities.add(made)
    note_of(unit, made.created_at, "MakeAuthority", made.name)
    return kept


def _place(name: str) -> Place:
    return Place(uin=DESK, table="authorities", row=name, column="private_key")
