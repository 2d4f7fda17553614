"""Names that readers of the RFCs and of other CAs do not know are gone from the code."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

SRC = Path(__file__).parents[1] / "src"

GONE = {
    "Advancing": "OrderEngine",
    "Aim": "Purpose",
    "CountedProver": "CountedValidator",
    "ScriptedProver": "ScriptedValidator",
    "advancing": "order_engine",
    "Condemn": "RevokeCompromised",
    "Errand": "Invocation",
    "Forgetting": "IdentityNumberRetention",
    "Ground": "Authorization",
    "Keep": "DeclineRevocation",
    "Looking": "ValidationRun",
    "OrderWork": "OrderScheduler",
    "PaceExceeded": "RateLimitExceeded",
    "PaceLimit": "RateLimit",
    "Prover": "Validator",
    "Surroundings": "Dependencies",
    "Tidying": "ShortLivedRetention",
    "Trimming": "RecordRetention",
    "Unfounded": "IssuanceRefused",
    "halved": "split_fields",
    "looking": "validation_run",
    "prover": "validator",
    "unfounded": "refused",
    "likeness": "fingerprint",
    "passing": "transient",
    "prepared": "prepare_submission",
    "refuse_unfounded": "check_issuance",
}
"""What is gone, and the word for it now."""


def test_words_of_our_own_are_gone_as_names() -> None:
    """A name that comes back is told with the one to take."""
    back = [
        f"{file.relative_to(SRC)}:{token.start[0]}: {token.string} is now {GONE[token.string]}"
        for file in SRC.rglob("*.py")
        for token in tokenize.generate_tokens(io.StringIO(file.read_text("utf-8")).readline)
        if token.type == tokenize.NAME and token.string in GONE
    ]
    assert back == []
