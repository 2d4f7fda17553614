"""Opens the stored parts of a submission."""

from __future__ import annotations

from certdesk.domain.orders.material import Material
from certdesk.domain.orders.records import Submission
from certdesk.domain.values.sealed_fields import join_fields, without_secrets
from certdesk.domain.values.secret import Secret
from certdesk.engine import Context
from certdesk.ports import place_of_submission


def earlier_material(context: Context, submission: Submission) -> Material:
    """Return the material of a submission, without its pass phrase and CSR."""
    opened = context.desk.vault.open(
        submission.personal, place_of_submission(submission, "personal")
    )
    return join_fields(Material, submission.facts, opened)


def cleartext_material(submission: Submission) -> Material:
    """Return the material of a submission without its sealed fields."""
    return without_secrets(Material, submission.facts)


def private_key_of(context: Context, submission: Submission) -> Secret | None:
    """Return the private key that the desk made for a submission, as PEM."""
    if submission.private_key is None:
        return None
    return context.desk.vault.open(
        submission.private_key, place_of_submission(submission, "private_key")
    )


def key_pass_of(context: Context, submission: Submission) -> Secret | None:
    """Return the customer's own pass phrase for key stores."""
    if submission.key_pass is None:
        return None
    return context.desk.vault.open(submission.key_pass, place_of_submission(submission, "key_pass"))
