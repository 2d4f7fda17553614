"""The second step of signing in: codes of an authenticator app (RFC 6238), and recovery codes."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import TYPE_CHECKING

from certdesk.domain.people import codes
from certdesk.domain.people.records import Authenticator, Person, RecoveryCode
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.engine import Context
from certdesk.ports import DESK, Place, Unit, Vault

if TYPE_CHECKING:
    from pyotp import TOTP

STEP_SECONDS = 30
WINDOW = 1
"""How many steps a clock may be ahead or behind."""

ISSUER = "certdesk"


def has_second_step(unit: Unit, person: Person) -> bool:
    """Return whether a person has an authenticator app or a passkey."""
    confirmed = unit.authenticators.get(person.person_id, True)
    return confirmed is not None or unit.passkeys.count(person_id=person.person_id) > 0


def uri_of(secret: Secret, login: str) -> str:
    """Return what an app reads from the picture of a secret."""
    return _totp(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def new_secret() -> Secret:
    """Return a random secret of 160 bits, in base32 as apps read it."""
    # Only the second step needs the library, and a start should not take longer for it.
    import pyotp  # noqa: PLC0415

    return Secret(pyotp.random_base32())


def sealed_secret(vault: Vault, person_id: int, secret: Secret) -> bytes:
    """Seal the secret of a person's app."""
    return vault.seal(secret, _place(person_id))


def secret_of(vault: Vault, authenticator: Authenticator) -> Secret:
    """Open the secret of an app."""
    return vault.open(authenticator.sealed_secret, _place(authenticator.person_id))


def step_of(secret: Secret, code: str, now: datetime, last_step: int) -> int | None:
    """Return the step of time that a code belongs to, None if it is wrong or was used before."""
    totp, digits = _totp(secret), "".join(code.split())
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        right = hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode())
        if right and step > last_step:
            found = step
    return found


def use_code(context: Context, unit: Unit, person: Person, code: str) -> str:
    """Use a code of a person's app, or a recovery code; return which it was, "" if it is wrong."""
    authenticator = unit.authenticators.get(person.person_id, True)
    if authenticator is not None:
        secret = secret_of(context.desk.vault, authenticator)
        step = step_of(secret, code, context.now, authenticator.last_step)
        if step is not None:
            unit.authenticators.replace(replace(authenticator, last_step=step))
            return "code of the app"
    if codes.may_be_one(code) and unit.recovery_codes.remove(
        person.person_id, codes.digest_of(code)
    ):
        return "recovery code"
    return ""


def make_recovery_codes(context: Context, unit: Unit, person: Person) -> list[str]:
    """Make recovery codes in the place of a person's earlier ones."""
    remove_recovery_codes(unit, person.person_id)
    made = [codes.new_code(context.desk.rng) for _ in range(codes.CODES)]
    for code in made:
        digest = codes.digest_of(code)
        unit.recovery_codes.add(RecoveryCode(person_id=person.person_id, digest=digest))
    return made


def remove_recovery_codes(unit: Unit, person_id: int) -> int:
    """Remove a person's recovery codes; return how many."""
    found = unit.recovery_codes.where(person_id=person_id)
    for each in found:
        unit.recovery_codes.remove(person_id, each.digest)
    return len(found)


def remove_second_step(unit: Unit, person_id: int) -> None:
    """Remove a person's app, passkeys and recovery codes."""
    for confirmed in (False, True):
        unit.authenticators.remove(person_id, confirmed)
    for passkey in unit.passkeys.where(person_id=person_id):
        unit.passkeys.remove(passkey.credential_id)
    remove_recovery_codes(unit, person_id)


def _totp(secret: Secret) -> TOTP:
    import pyotp  # noqa: PLC0415 -- see `new_secret`

    return pyotp.TOTP(secret.text(), interval=STEP_SECONDS)


def _place(person_id: int) -> Place:
    return Place(DESK, "authenticators", str(person_id), "sealed_secret")
