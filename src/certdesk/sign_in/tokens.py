"""Signed tokens (RFC 7515): the form, the algorithm and the signature."""

from __future__ import annotations

import base64
from typing import Any

from joserfc import jwk, jws
from joserfc.errors import UnsupportedAlgorithmError

from certdesk.domain.people.id_token import ALGORITHMS
from certdesk.domain.values.foreign_text import printable_text
from certdesk.ports import ProviderFailed
from certdesk.sign_in.keys import PublicKey
from certdesk.wire.strict_json import BadJson, parse_object


class Registry(jws.JWSRegistry):
    """The algorithms of the library of which only some are allowed."""

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 -- the library does not export the type
        """Return an allowed algorithm, without its warning that EdDSA has a newer name."""
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


def header_of(token: str) -> tuple[str, str]:
    """Return the algorithm and the key's id (empty if there is none) that a token names."""
    part, *others = token.split(".")
    try:
        header = parse_object(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        raise ProviderFailed("the ID token is not in the form of a signed token") from None
    algorithm, key_id = header.get("alg"), header.get("kid", "")
    if len(others) != 2 or not isinstance(key_id, str):  # noqa: PLR2004 -- of a signed token
        raise ProviderFailed("the ID token is not in the form of a signed token")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        shown = printable_text(str(algorithm))
        raise ProviderFailed(f"the ID token is signed by {shown}, which the desk does not accept")
    return algorithm, key_id


def claims_of(token: str, algorithm: str, keys: tuple[PublicKey, ...]) -> dict[str, object]:
    """Return the claims of a token that one of these keys has signed by an algorithm.

    Raises:
        ProviderFailed: none of them has, or the claims are not one JSON object.
    """
    registry = Registry(algorithms=[algorithm], strict_check_header=False)
    for key in keys:
        try:
            public = jwk.import_key(dict(key))
            signed = jws.deserialize_compact(token, public, registry=registry)
        except Exception:  # noqa: BLE001, S112 -- whatever a library raises for it: not signed
            continue
        try:
            return parse_object(signed.payload or b"")
        except BadJson as bad:
            raise ProviderFailed(f"the ID token has no claims: {bad.rule}") from None
    raise ProviderFailed("the ID token is not signed by a key of the provider")
