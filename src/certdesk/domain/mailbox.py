"""E-mail addresses, by the `email-validator` library and without asking the network."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email


def mailbox_fault(text: str) -> str | None:
    """Say what is wrong with an e-mail address, or None.

    Reserved domains such as `example.com` pass: a desk may stand in a test network.
    """
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        # The library ends its sentence; whoever words the refusal ends it again.
        return f"is not an e-mail address: {str(error).rstrip('.')}"
    return None
