"""Whatever a provider or a browser sends is believed or refused, and never a fault of the desk."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.people.id_token import ClaimRefused, Expected, identity_of
from certdesk.domain.people.provider import Provider
from certdesk.operator.people.webauthn import (
    MadePasskey,
    PasskeyRefused,
    Site,
    challenge_in,
    claimed,
    made_passkey,
    used_passkey,
)
from certdesk.ports import ProviderFailed
from certdesk.sign_in.keys import chosen, public_keys
from certdesk.sign_in.tokens import claims_of, header_of

SITE = Site("https://ssl.example.com")
PASSKEY = MadePasskey(b"id", b"\xa0", 0)
PROVIDER = Provider(name="company", issuer="https://id.example.com", client_id="desk")
EXPECTED = Expected(provider=PROVIDER, now=datetime(2026, 3, 1, 12, tzinfo=UTC), nonce="nonce")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
GOOD = {
    "iss": PROVIDER.issuer,
    "sub": "anna",
    "aud": PROVIDER.client_id,
    "exp": 1772366700,
    "iat": 1772366400,
    "nonce": "nonce",
}
MEMBERS = st.sampled_from(
    [*GOOD, "azp", "nbf", "auth_time", "groups", "name", "preferred_username", "acr", "amr"]
)
NAMES = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")


@given(st.dictionaries(MEMBERS, VALUES, max_size=3))
def test_any_claims_are_of_a_person_or_are_refused(other: dict[str, object]) -> None:
    """Also where one is of a type that it never has."""
    with contextlib.suppress(ClaimRefused):
        assert identity_of(GOOD | other, EXPECTED).issuer == PROVIDER.issuer


@given(st.dictionaries(st.sampled_from(["kty", "kid", "alg", "use", "n", "e", "crv"]), VALUES))
def test_any_key_signs_nothing_that_it_did_not_sign(key: dict[str, object]) -> None:
    """A key of any form is passed over."""
    with contextlib.suppress(ProviderFailed):
        found = chosen(public_keys({"keys": [key]}), "RS256", "")
        claims_of("e30.e30.AAAA", "RS256", found)
        raise AssertionError(key)


@given(st.text(max_size=60))
def test_any_text_is_a_token_or_is_refused(text: str) -> None:
    """Before anything looks for its key."""
    for token in (text, f"{text}.e30.AAAA"):
        with contextlib.suppress(ProviderFailed):
            header_of(token)


@given(st.text(max_size=60), st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_answer_of_a_browser_is_refused(text: str, response: dict[str, object]) -> None:
    """Nothing here is by a passkey."""
    members = {"id": text, "rawId": text, "type": "public-key", "response": response}
    for answer in (text, json.dumps(members)):
        for read in (
            challenge_in,
            lambda answer: made_passkey(SITE, b"c" * 32, answer),
            lambda answer: used_passkey(SITE, b"c" * 32, PASSKEY, answer),
        ):
            with contextlib.suppress(PasskeyRefused):
                read(answer)
                raise AssertionError(answer)
        with contextlib.suppress(PasskeyRefused):
            claimed(answer)
