"""E-mail addresses, by the `email-validator` library and without asking the network."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

LONGEST = 254
"""Most characters of an address (RFC 5321, 4.5.3.1.3, without the angle brackets)."""

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
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        # The library repeats parts of the address, and ends its sentence with a full stop.
        rule = _REPEATED.sub("", str(error)).rstrip(".")
        return f"is not an e-mail address: {rule}"
    return None
