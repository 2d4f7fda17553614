"""An authenticator in software: passkeys as a browser makes and uses them, and as it must not."""

from __future__ import annotations

import hashlib
import json
import secrets
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from certdesk.operator.people.webauthn import encoded

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """A device with one passkey for a site; a test changes what it does wrong."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.rp_id = urlsplit(origin).hostname or ""
        self.flags = PRESENT | VERIFIED
        self.count = 1
        self.cross_origin = False
        self.credential_id = secrets.token_bytes(32)
        self.handle: str | None = None
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: dict[str, object], kind: str = "webauthn.create") -> str:
        """Answer to `navigator.credentials.create`."""
        user = options["user"]
        assert isinstance(user, dict)
        self.handle = str(user["id"])
        point = self._key.public_key().public_numbers()
        key = ES256({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})
        data = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, key)
        authenticator = AuthenticatorData(self._data(ATTESTED) + bytes(data))
        attestation = AttestationObject.create("none", authenticator, {})
        return self._answer(
            {
                "clientDataJSON": encoded(self._client_data(options, kind)),
                "attestationObject": encoded(bytes(attestation)),
            }
        )

    def use(self, options: dict[str, object], kind: str = "webauthn.get") -> str:
        """Answer to `navigator.credentials.get`."""
        client_data, data = self._client_data(options, kind), self._data()
        signed = data + hashlib.sha256(client_data).digest()
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": encoded(client_data),
                "authenticatorData": encoded(data),
                "signature": encoded(signature),
                **({"userHandle": self.handle} if self.handle else {}),
            }
        )

    def _answer(self, response: dict[str, str]) -> str:
        name = encoded(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def _client_data(self, options: dict[str, object], kind: str) -> bytes:
        said = {
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        }
        return json.dumps(said).encode()

    def _data(self, more: int = 0) -> bytes:
        flags = bytes([self.flags | more])
        return hashlib.sha256(self.rp_id.encode()).digest() + flags + self.count.to_bytes(4)
