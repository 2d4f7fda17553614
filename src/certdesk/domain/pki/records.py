"""The records of keys, certificates and authorities."""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.values.free_text import Code, Words
from certdesk.domain.values.record import Record


class StockedKey(Record, kw_only=True):
    """A private key made ahead of need, sealed for the desk; `kind` is a `KeyKind` name."""

    stock_id: int = 0
    kind: Code
    spki_sha256: bytes
    sealed: bytes
    created_at: datetime


EVERYBODY = ""
"""In the place of a Uin: the key is blocked for every account."""


class BlockedKey(Record, kw_only=True):
    """A public key that is never accepted again, by the SHA-256 of its SPKI, and why.

    `uin` is the account that may not use it, `EVERYBODY` for every account. If it is `compromised`,
    others know the private key: its certificates are revoked.
    """

    spki_sha256: bytes
    uin: Code = EVERYBODY
    reason: Words
    created_at: datetime
    compromised: bool = False
    version: int = 1


class DeniedKey(Record, kw_only=True):
    """A public key that an account no longer has, of certificates that its policies deny.

    It is known by the SHA-256 of its SPKI. `origins` are the ids of these certificates and of those
    they came from, in case the key comes again or exists elsewhere (`ports/lineage.py`).
    """

    uin: Code
    spki_sha256: bytes
    origins: tuple[Code, ...]
    version: int = 1


class Issuance(Record, kw_only=True):
    """How far an issuer has come with an order's attempt, in the issuer's own record.

    Issuance has not `begun` while the issuer was only asked for challenges. `serial` is unique
    among those of an issuer, if it is known before the certificate is.
    """

    certificate_id: Code
    attempt: int
    uin: Code
    issuer: Code
    state: bytes
    serial: Code | None
    begun_at: datetime
    begun: bool = True
    version: int = 1


class Certificate(Record, kw_only=True):
    """A stored certificate: issued for an order's attempt, or uploaded (attempt 0).

    `leaf` and `root` are DER. `chain` is PEM, the leaf's issuer first, without the root.
    Fingerprints are of the leaf, in lower-case hexadecimal. `private_key` is the sealed key of an
    uploaded certificate (that of an order is with its submission). `archive_pass` is the sealed
    password that the desk made for its PFX and JKS files.
    """

    certificate_id: Code
    attempt: int
    uin: Code
    issuer: Code
    serial: Code
    leaf: bytes
    chain: Code
    root: bytes | None
    key: Code
    spki_sha256: bytes
    sha1: Code
    sha256: Code
    begins_at: datetime
    ends_at: datetime
    kept_at: datetime
    private_key: bytes | None = None
    archive_pass: bytes | None = None


class Authority(Record, kw_only=True):
    """A CA certificate of the private CA and its sealed key: `name` such as `rsa-root`.

    `certificate` is DER. A cross-signed root has no key of its own: `key_of` names the authority
    whose key it has.
    """

    name: Code
    certificate: bytes
    private_key: bytes | None
    key_of: Code | None = None
    created_at: datetime


class RevocationList(Record, kw_only=True):
    """The newest CRL of an authority; its number only grows.

    `revoked` is how many certificates of the authority were revoked when it was made.
    """

    authority: Code
    number: int
    crl: bytes
    made_at: datetime
    next_at: datetime
    revoked: int = 0
    version: int = 1


class RevokedCertificate(Record, kw_only=True):
    """A revoked certificate of an authority of the private CA.

    It stays when the order is deleted. `serial` is in lower-case hexadecimal, `reason` a `Reason`,
    and `ends_at` when the certificate expires.
    """

    authority: Code
    serial: Code
    certificate_id: Code
    reason: Code
    revoked_at: datetime
    ends_at: datetime
