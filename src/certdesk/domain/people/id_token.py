"""What an ID token of OpenID Connect must say before its person is believed.

Sources: OpenID Connect Core 1.0, sections 2, 3.1.3.7, 5.3.2 and 12.2. Whether the signature is
right is another matter (`sign_in/`).
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from certdesk.domain.people.provider import Provider
from certdesk.domain.values.foreign_text import printable_text
from certdesk.domain.values.record import Record

LEEWAY = timedelta(seconds=60)
"""By how much the clocks of the provider and of the desk may differ."""

_FAMILIES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
ALGORITHMS = frozenset((*_FAMILIES, "EdDSA", "Ed25519"))
"""The algorithms of signatures that are believed: each needs a private key of the provider."""

MOST_GROUPS = 1000
MOST_SUBJECT = 255
MOST_NAME = 64


class ClaimRefused(ValueError):
    """A claim breaks a rule; the text, after "the ID token", says which."""


class Identity(Record, kw_only=True):
    """A person, as a provider vouches for them.

    `groups` is None where the claims do not say. `name` is for display alone. `age` is how long ago
    the person proved to the provider who they are, None if it does not say.
    """

    issuer: str
    subject: str
    name: str = ""
    groups: tuple[str, ...] | None = None
    age: timedelta | None = None


class Expected(Record, kw_only=True, gc=True):
    """What is known before a token comes.

    `nonce` is the browser's own; None where a refreshed token needs none. `subject` is the person
    who is signed in already, if one is. `since` is when the person was asked to prove again who
    they are, if they were.
    """

    provider: Provider
    now: datetime
    nonce: str | None
    subject: str | None = None
    since: datetime | None = None


def identity_of(claims: Mapping[str, object], expected: Expected) -> Identity:
    """Return the person of an ID token whose signature is right.

    Raises:
        ClaimRefused: a claim is missing or breaks a rule.
    """
    provider = expected.provider
    if claims.get("iss") != provider.issuer:
        raise ClaimRefused("is of another issuer")
    _check_audience(claims, provider.client_id)
    _check_times(claims, expected)
    if expected.nonce is not None and not _equal(claims.get("nonce"), expected.nonce):
        raise ClaimRefused("is not for this sign-in (nonce)")
    _check_strength(claims, provider)
    subject = subject_of(claims)
    if expected.subject is not None and subject != expected.subject:
        raise ClaimRefused("is of another person")
    return Identity(
        issuer=provider.issuer,
        subject=subject,
        name=_name(claims),
        groups=groups_of(claims, provider),
        age=_age(claims, expected.now),
    )


def subject_of(claims: Mapping[str, object]) -> str:
    """Return who a token or an answer is about.

    Raises:
        ClaimRefused: it does not say.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= MOST_SUBJECT:
        raise ClaimRefused(f"has no subject of 1 to {MOST_SUBJECT} characters (sub)")
    if not (subject.isascii() and subject.isprintable()):
        raise ClaimRefused("has a subject that is not of printable ASCII characters (sub)")
    return subject


def groups_of(claims: Mapping[str, object], provider: Provider) -> tuple[str, ...] | None:
    """Return the groups that claims name; None if the claims do not say."""
    if provider.groups_claim not in claims:
        return None
    groups = claims[provider.groups_claim]
    if isinstance(groups, str):
        return (groups,)
    if not isinstance(groups, list):
        return ()
    return tuple(each for each in groups[:MOST_GROUPS] if isinstance(each, str))


def _check_audience(claims: Mapping[str, object], client_id: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    authorized = claims.get("azp", None if len(audiences) > 1 else client_id)
    if client_id not in audiences:
        raise ClaimRefused("is for another client (aud)")
    if authorized != client_id:
        raise ClaimRefused("was issued to another client (azp)")


def _check_times(claims: Mapping[str, object], expected: Expected) -> None:
    now = expected.now
    if _time(claims, "exp") <= now - LEEWAY:
        raise ClaimRefused("has expired")
    if _time(claims, "iat") > now + LEEWAY:
        raise ClaimRefused("is of the future (iat)")
    if "nbf" in claims and _time(claims, "nbf") > now + LEEWAY:
        raise ClaimRefused("is not valid yet (nbf)")
    if expected.since is not None and _time(claims, "auth_time") < expected.since - LEEWAY:
        raise ClaimRefused("is of an earlier sign-in (auth_time)")


def _age(claims: Mapping[str, object], now: datetime) -> timedelta | None:
    if "auth_time" not in claims:
        return None
    return max(now - _time(claims, "auth_time"), timedelta(0))


def _time(claims: Mapping[str, object], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ClaimRefused(f"has no time {name}")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise ClaimRefused(f"has no time {name}") from None


def _check_strength(claims: Mapping[str, object], provider: Provider) -> None:
    if provider.acr and claims.get("acr") not in provider.acr:
        raise ClaimRefused(f"is of a sign-in that is not of {', '.join(provider.acr)} (acr)")
    methods = claims.get("amr")
    if provider.amr and not (
        isinstance(methods, list) and any(each in methods for each in provider.amr)
    ):
        raise ClaimRefused(f"is of a sign-in without {' or '.join(provider.amr)} (amr)")


def _name(claims: Mapping[str, object]) -> str:
    for claim in ("preferred_username", "name"):
        if isinstance(value := claims.get(claim), str) and value.strip():
            return printable_text(value.strip()[:MOST_NAME])
    return ""


def _equal(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())
