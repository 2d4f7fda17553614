"""The records of people who sign in to the console.

What proves a person (password, second step, passkey, session, invitation) is sealed or stored as a
digest. The desk owns what is sealed here, also of users of an account: a user signs in before any
account's keys are needed.
"""

from __future__ import annotations

import enum
from datetime import datetime

from certdesk.domain.values.free_text import Code, Lasting, Words
from certdesk.domain.values.record import Record


class Person(Record, kw_only=True):
    """A login of the console.

    A person of the staff has a role and a `name` to sign in with. A user of an account has the
    role `user`, the account's `uin`, and the number and the name of the user; the name to sign in
    with is `NAME@UIN`. `folded` is the name as names are compared; a login that was ended is no
    longer found by it, so another person may get the name.
    """

    person_id: int = 0
    role: Code
    name: Lasting
    folded: Lasting
    uin: Code = ""
    user_id: int | None = None
    enabled: bool = True
    created_at: datetime
    version: int = 1


class Password(Record, kw_only=True):
    """A password's argon2id hash, sealed."""

    person_id: int
    sealed_hash: bytes
    changed_at: datetime
    version: int = 1


class Authenticator(Record, kw_only=True):
    """An app for one-time codes (RFC 6238): its sealed secret.

    It counts once a first code has `confirmed` it, in the session that began it; until then, an
    earlier one that was confirmed stays. `session` is the digest of that session. A code of
    `last_step`, or of an earlier step of 30 seconds, is not accepted again.
    """

    person_id: int
    confirmed: bool = False
    sealed_secret: bytes
    session: bytes
    last_step: int = 0
    created_at: datetime
    version: int = 1


class RecoveryCode(Record, kw_only=True):
    """A code that replaces the second step once: its SHA-256. It is removed when it is used."""

    person_id: int
    digest: bytes


class Passkey(Record, kw_only=True):
    """A passkey (WebAuthn credential): its public key as a COSE key, and its signature counter."""

    credential_id: bytes
    person_id: int
    name: Words
    public_key: bytes
    sign_count: int
    created_at: datetime
    used_at: datetime | None = None
    version: int = 1


class OidcIdentity(Record, kw_only=True):
    """An identity at a provider of OpenID Connect: the issuer, its subject (`sub`), and a login.

    Several logins with one identity belong to one human being. `by_group` is true for a login that
    the desk made at the first sign-in: its role follows the groups, and there is no other way to
    sign in with it. `sealed_refresh_token` lets the desk ask for the groups again, at `check_at`;
    both are None while no session needs it.
    """

    issuer: Code
    subject: Code
    person_id: int
    by_group: bool = False
    sealed_refresh_token: bytes | None = None
    check_at: datetime | None = None
    created_at: datetime
    version: int = 1


class Purpose(enum.StrEnum):
    """What a browser was asked for."""

    NEW_PASSKEY = "new passkey"
    PASSKEY_SIGN_IN = "sign-in with a passkey"
    PASSKEY_PROOF = "proof with a passkey"
    PROVIDER_SIGN_IN = "sign-in with a provider"
    PROVIDER_PROOF = "proof with a provider"


class SignInAttempt(Record, kw_only=True):
    """A question to a browser that may be answered once, within minutes, by the same browser.

    `digest` is of the random value in it, and `visitor` of the browser's cookie. `provider` is the
    name of the one that was asked, if one was. `invitation` is the digest of the invitation that is
    accepted with the answer, and `person_id` the login that is wanted, if the person named one.
    `onward` is the page that the person wanted.
    """

    digest: bytes
    visitor: bytes
    purpose: Code
    network: Code
    asked_at: datetime
    provider: Code = ""
    invitation: bytes | None = None
    person_id: int | None = None
    onward: Code = ""


class Invitation(Record, kw_only=True):
    """A link by which a person chooses how to sign in: the SHA-256 of its token. It works once."""

    digest: bytes
    person_id: int
    expires_at: datetime


class Session(Record, kw_only=True):
    """A person who is signed in, by the SHA-256 of the cookie's value.

    `complete` is false until the second step was made. `proved_at` is when the person last gave a
    password, a passkey, a second step or a provider's word. `provider` is the provider of OpenID
    Connect, "" if there was none; `agent` is the browser, as it names itself. A session that takes
    the place of another inherits all but the digest, and without a new proof `proved_at` too.
    """

    digest: bytes
    person_id: int
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    proved_at: datetime
    complete: bool
    provider: Code = ""
    agent: Words = ""
    version: int = 1


class SignInFailure(Record, kw_only=True):
    """How often signing in has failed, for a login, a network, or in a person's sessions.

    The subject is `login:DIGEST net:PREFIX` for a login from a network, `login:DIGEST` for it over
    all networks, `net:PREFIX`, or `session person:N`. The digest is that of the typed name, whether
    or not anybody has it.
    """

    subject: Code
    count: int
    last_at: datetime
    version: int = 1


class PersonLink(Record, kw_only=True):
    """A login that belongs to the same human being: `person:N`, `uid:N` or `user:N`."""

    person_id: int
    login: Code
    created_at: datetime
