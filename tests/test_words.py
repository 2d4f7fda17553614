"""Names that readers of the RFCs and of other CAs do not know are gone from the code."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).parents[1] / "src"

GONE = {
    "Advancing": "OrderEngine",
    "Aim": "Purpose",
    "CaElsewhere": "ExternalCa",
    "Condemn": "RevokeCompromised",
    "CountedProver": "CountedValidator",
    "Courtesy": "ConnectionLimiter",
    "Deputy": "DelegatedResponder",
    "Door": "Acceptor",
    "Errand": "Invocation",
    "Forgetting": "IdentityNumberRetention",
    "Ground": "Authorization",
    "Half": "CleartextOf",
    "HandedChain": "UploadedChain",
    "HereParsers": "InlineParsers",
    "HostDoubts": "HostDiagnosis",
    "IssuerElsewhere": "ExternalIssuer",
    "Keep": "DeclineRevocation",
    "Kept": "Retained",
    "LOOKED_FOR": "VALIDATING",
    "LOOK_SECONDS": "CHECK_SECONDS",
    "LeftAlone": "AddressPaused",
    "LinkPaces": "LinkRateLimits",
    "Look": "ReviewView",
    "LookLimit": "ValidationRateLimit",
    "LookPace": "ValidationBucket",
    "LookPacing": "ValidationRateLimiter",
    "Looking": "ValidationRun",
    "MaterialFacts": "MaterialCleartext",
    "MemoryPace": "MemoryRateLimiter",
    "OrderWork": "OrderScheduler",
    "Outside": "IssuerThreads",
    "PaceExceeded": "RateLimitExceeded",
    "PaceLimit": "RateLimit",
    "Prover": "Validator",
    "Pulse": "ProbeResult",
    "SETTLED": "FINISHED",
    "ScriptedProver": "ScriptedValidator",
    "SetPaceLimitRequest": "SetRateLimitRequest",
    "Sight": "SeenReview",
    "Standing": "OrderState",
    "StandsStill": "Suspended",
    "Surroundings": "Dependencies",
    "Tidying": "ShortLivedRetention",
    "Told": "ParserReply",
    "Trimming": "RecordRetention",
    "Turns": "RateLimiter",
    "Unfounded": "IssuanceRefused",
    "WAY": "PIPELINE",
    "_Kept": "_StoredPlan",
    "_settle": "_with_lists",
    "advancing": "order_engine",
    "facts_alone": "cleartext_material",
    "facts_of": "cleartext_fields",
    "first_look": "renewal_of",
    "halved": "split_fields",
    "hand_in": "submit_material",
    "kept_looks": "stored_checks",
    "likeness": "fingerprint",
    "look": "check",
    "look_deadline": "check_deadline",
    "looking": "validation_run",
    "may_be_told": "may_be_shown",
    "next_caa_look": "next_caa_check",
    "next_look": "next_check",
    "note_look": "note_inspection",
    "pacing": "rate_limiter",
    "passing": "transient",
    "personal_of": "secret_fields",
    "prepared": "prepare_submission",
    "prover": "validator",
    "refuse_unfounded": "check_issuance",
    "set_pace_limit": "set_rate_limit",
    "settle": "checkpoint",
    "settle_manager": "mark_vetted",
    "settled": "materialized",
    "standing_of": "order_state_of",
    "stands_still": "is_suspended",
    "standstill": "suspension",
    "told_bare": "redacted_bare",
    "told_length": "length_only",
    "told_missing": "missing_message",
    "told_name": "redacted_name",
    "told_near": "redacted_unless_near",
    "unfounded": "refused",
    "where_to_look": "status_extensions",
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


CLUMSY = (
    "any more",
    "be it",
    "stands at",
    "that is to",
    "there is none",
    "to be told",
    "whoever",
    "wherever",
)
"""Turns that nobody says aloud, from messages that people misread."""


def test_messages_have_no_turns_that_nobody_says() -> None:
    """The texts in the code that are not docstrings: messages, help of options, log lines."""
    said = [
        f"{file.relative_to(SRC)}:{line}: {text!r} has {turn!r}"
        for file in SRC.rglob("*.py")
        for line, text in _texts(ast.parse(file.read_text("utf-8")))
        for turn in CLUMSY
        if re.search(rf"\b{turn}\b", text)
    ]
    assert said == []


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each string that is not a docstring."""
    documents = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in documents:
                yield node.lineno, text
