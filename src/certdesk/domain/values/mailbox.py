"""E-mail addresses, by the `email-validator` library and without asking the network."""

from __future__ import annotations

import functools
import re

LONGEST = 254
"""Most characters of an address (RFC 5321, 4.5.3.1.3, without the angle brackets)."""

DOMAINS_KEPT = 1024
"""How many domains keep their verdict. What stands before the @ is personal and is not kept."""

_LOCAL_LONGEST = 64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")

_REPEATED = re.compile(r": .*| \([^()'\"]*['\"].*", re.DOTALL)


def mailbox_fault(text: str) -> str | None:
    """Return what is wrong with an e-mail address, or None.

    Reserved domains such as `example.com` are accepted: a desk may be in a test network.
    """
    if len(text) > LONGEST:
        # The library reads all of a text before it checks its length.
        return (
            f"is not an e-mail address: it has {len(text)} characters, and at most {LONGEST} are "
            "allowed"
        )
    local, _, domain = text.rpartition("@")
    if domain.isascii() and len(local) <= _LOCAL_LONGEST and _DOT_ATOM.fullmatch(local):
        # Nearly all are of this form (RFC 5322, 3.4.1), so that only the domain can be wrong.
        return _domain_fault(domain)
    return _fault(text)


@functools.lru_cache(DOMAINS_KEPT)
def _domain_fault(domain: str) -> str | None:
    return _fault(f"a@{domain}")


def _fault(text: str) -> str | None:
    # Imported for the first address: it takes 15 milliseconds.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - see above

    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        # The library repeats parts of the address, and ends its sentence with a full stop.
        rule = _REPEATED.sub("", str(error)).rstrip(".")
        return f"is not an e-mail address: {rule}"
    return None
