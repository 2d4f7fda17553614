"""Certificates as they are handed over, for tests of what they are handed over in."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

from certdesk.domain.delivery.bundles import Delivery
from certdesk.domain.pki import csr
from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.secret import Secret
from certdesk.domain.values.subject import Subject
from tests import chains

MADE_AT = datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC)
MADE_PASS = "q8DkV2_x-0Wm7RtZ"


def delivery(
    domain: str = "www.example.com",
    kind: KeyKind = KeyKind.P_256,
    *,
    key_pass: str | None = None,
    online: bool = True,
    certified: str | None = None,
) -> Delivery:
    """Give a certificate of the intermediate CA for a domain.

    `online` is whether the desk made the key; `certified` what the certificate says, where that
    is not the domain.
    """
    key = chains.key_of(kind)
    name = DomainName.parse(domain) if certified is None else domain
    return Delivery(
        certificate_id="q7WzKm2B",
        domain=name,
        leaf=chains.der(chains.leaf(key, certified or str(name))),
        chain=(chains.der(chains.intermediate().certificate),),
        root=chains.der(chains.root().certificate),
        private_key=Secret(keys.private_key_pem(key)) if online else None,
        csr=csr.build(key, name, (), Subject())
        if online and isinstance(name, DomainName)
        else None,
        key_pass=None if key_pass is None else Secret(key_pass),
        made_pass=Secret(MADE_PASS),
        made_at=MADE_AT,
    )


def members(data: bytes) -> dict[str, bytes]:
    """Read every file of a zip, by its name, in the order of the zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
