"""Passkeys (WebAuthn): what a browser is asked, and whether its answer is right.

Sources: Web Authentication Level 3, sections 5.4, 5.5, 7.1 and 7.2. The library parses and checks;
what it leaves to its caller is checked here.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature

from certdesk.domain.values.record import Record
from certdesk.wire.strict_json import parse_object

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AttestedCredentialData, CollectedClientData

ALGORITHMS = (-8, -7, -257)
"""EdDSA, ES256 and RS256 (COSE), the ones that authenticators have."""

WAIT_MILLISECONDS = 300_000
MOST_ANSWER = 16 * 1024
MOST_CREDENTIAL_ID = 1023
_HANDLE_BYTES = 8


class PasskeyRefused(Exception):
    """A browser's answer does not prove that a person is there; the text says why, for the log."""


class Site(Record):
    """Where people use their passkeys, such as `https://ssl.example.com`."""

    origin: str

    @property
    def host(self) -> str:
        """The name that passkeys are bound to (RP id)."""
        return urlsplit(self.origin).hostname or ""


class MadePasskey(Record):
    """A passkey that a browser has made; `public_key` is in COSE."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


class Claimed(Record):
    """The passkey that an answer says it is by, and the person if it says so; nothing is proved."""

    credential_id: bytes
    person_id: int | None


def creation_options(
    site: Site, challenge: bytes, person_id: int, name: str, existing: Iterable[bytes]
) -> dict[str, object]:
    """Return what a browser is told to make a passkey by; `existing` are not made again."""
    return {
        "rp": {"id": site.host, "name": "certdesk"},
        "user": {"id": encoded(handle_of(person_id)), "name": name, "displayName": name},
        "challenge": encoded(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "timeout": WAIT_MILLISECONDS,
        "excludeCredentials": [{"type": "public-key", "id": encoded(each)} for each in existing],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def request_options(site: Site, challenge: bytes, allowed: Iterable[bytes]) -> dict[str, object]:
    """Return what a browser is told to use a passkey by; with none `allowed`, any of the site."""
    return {
        "rpId": site.host,
        "challenge": encoded(challenge),
        "timeout": WAIT_MILLISECONDS,
        "allowCredentials": [{"type": "public-key", "id": encoded(each)} for each in allowed],
        "userVerification": "required",
    }


def made_passkey(site: Site, challenge: bytes, answer: str) -> MadePasskey:
    """Return the passkey that a browser has made for a challenge.

    Raises:
        PasskeyRefused: it was made for another challenge or site, or without the person.
    """
    from fido2 import cbor  # noqa: PLC0415 -- see `_server`
    from fido2.webauthn import RegistrationResponse  # noqa: PLC0415

    try:
        response = RegistrationResponse.from_dict(_parsed(answer))
        _refuse_frame(response.response.client_data)
        made = _server(site).register_complete(_state(challenge), response)
        credential = made.credential_data
        _check_key(credential)
    except Exception as error:  # noqa: BLE001 -- a stranger's bytes, and a library's many errors
        raise PasskeyRefused(_why(error)) from None
    assert credential is not None  # noqa: S101 -- `_check_key` has looked
    if not 0 < len(credential.credential_id) <= MOST_CREDENTIAL_ID:
        raise PasskeyRefused("its id is empty or too long")
    if response.raw_id != credential.credential_id:
        raise PasskeyRefused("it has two ids")
    public_key = cbor.encode(dict(credential.public_key))
    return MadePasskey(credential.credential_id, public_key, made.counter)


def claimed(answer: str) -> Claimed:
    """Return which passkey an answer names; whether it is by that one is not yet known.

    Raises:
        PasskeyRefused: it is no answer of a browser.
    """
    try:
        said = _parsed(answer)
        response: Any = said["response"]
        handle = _decoded(response["userHandle"]) if response.get("userHandle") else None
        credential_id = _decoded(said["rawId"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PasskeyRefused(_why(error)) from None
    return Claimed(credential_id, None if handle is None else int.from_bytes(handle))


def challenge_in(answer: str) -> bytes:
    """Return the challenge that an answer says it is for; nothing is proved.

    Raises:
        PasskeyRefused: it is no answer of a browser.
    """
    try:
        response: Any = _parsed(answer)["response"]
        said = parse_object(_decoded(response["clientDataJSON"]))
        return _decoded(said["challenge"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PasskeyRefused(_why(error)) from None


def used_passkey(site: Site, challenge: bytes, passkey: MadePasskey, answer: str) -> int:
    """Return the count of signatures after a passkey was used for a challenge, by its person.

    Raises:
        PasskeyRefused: it was used for another challenge or site, without the person, or the
            signature is wrong.
    """
    from fido2 import cbor  # noqa: PLC0415 -- see `_server`
    from fido2.cose import CoseKey  # noqa: PLC0415
    from fido2.webauthn import (  # noqa: PLC0415
        Aaguid,
        AttestedCredentialData,
        AuthenticationResponse,
    )

    try:
        response = AuthenticationResponse.from_dict(_parsed(answer))
        _refuse_frame(response.response.client_data)
        key = CoseKey.parse(cast("Mapping[int, Any]", cbor.decode(passkey.public_key)))
        stored = AttestedCredentialData.create(Aaguid.NONE, passkey.credential_id, key)
        _server(site).authenticate_complete(_state(challenge), [stored], response)
        return int(response.response.authenticator_data.counter)
    except Exception as error:  # noqa: BLE001 -- a stranger's bytes, and a library's many errors
        raise PasskeyRefused(_why(error)) from None


def is_copied(stored: int, count: int) -> bool:
    """Return whether a count of signatures went back, as with a copy of an authenticator (7.2).

    Passkeys that are kept in an account of the browser count nothing: both are 0.
    """
    return (stored > 0 or count > 0) and count <= stored


def handle_of(person_id: int) -> bytes:
    """Return what an authenticator knows a person by; it says nothing about them."""
    return person_id.to_bytes(_HANDLE_BYTES)


def encoded(value: bytes) -> str:
    """Return bytes in Base64 for URLs, as WebAuthn's JSON has them."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _server(site: Site) -> Fido2Server:
    # Only passkeys need it, and it takes a while to import.
    from fido2.server import Fido2Server  # noqa: PLC0415
    from fido2.webauthn import PublicKeyCredentialRpEntity  # noqa: PLC0415

    entity = PublicKeyCredentialRpEntity(id=site.host, name="certdesk")
    return Fido2Server(entity, verify_origin=lambda origin: origin == site.origin)


def _check_key(credential: AttestedCredentialData | None) -> None:
    """Refuse a key that nothing can be checked with, which would lock its person out."""
    if credential is None or credential.public_key.get(3) not in ALGORITHMS:
        raise PasskeyRefused("it has no key of an algorithm that was asked for")
    with contextlib.suppress(InvalidSignature):
        credential.public_key.verify(b"", b"")


def _state(challenge: bytes) -> dict[str, str]:
    return {"challenge": encoded(challenge), "user_verification": "required"}


def _refuse_frame(client_data: CollectedClientData) -> None:
    if client_data.cross_origin:
        raise PasskeyRefused("it was used in a frame of another site")


def _parsed(answer: str) -> dict[str, object]:
    if len(answer) > MOST_ANSWER:
        raise PasskeyRefused("the browser's answer is too long")
    return parse_object(answer.encode())


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise PasskeyRefused("the browser's answer has something else than text")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _why(error: Exception) -> str:
    """Return the reason of a failure; the library's texts hold nothing of the answer."""
    known = isinstance(error, PasskeyRefused | ValueError)
    return str(error) if known else "the browser's answer cannot be read"
