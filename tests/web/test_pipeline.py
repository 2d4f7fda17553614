"""The way of a request is one list: the page shows it, and what runs is what it says."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from certdesk.web.api import PIPELINE
from tests.conformance.raw import Call
from tests.running import RunningDesk, running

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for stage in PIPELINE for name in stage.steps]
FIRST = 2
"""The number of the list's first step; those before it are the connection's."""

Wrong: TypeAlias = Mapping[str, tuple[Call, str]]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk that does not know what was used before it was started."""
    with running(tmp_path_factory.mktemp("way") / "data") as started:
        started.kill()
        started.start()
        yield started


@pytest.fixture(scope="module")
def wrong(desk: RunningDesk) -> Wrong:
    """For each step a request that is wrong there and at all later ones, and its refusal.

    They are made from the last step to the first: each has one fault more than the one before.
    """
    keys = desk.account()
    call = Call(endpoint=desk.endpoint, keys=keys, action="CreateCertificate")
    made = []

    def add(code: str, worse: Call) -> Call:
        made.append((worse, code))
        return worse

    call = add("ok", replace(call, body=b'{"ProductId": 25, "DomainNum": 1, "TimeSpan": 1}'))
    call = add(
        "FailedOperation.InvalidParam",
        replace(call, body=b'{"ProductId": 0, "DomainNum": 1, "TimeSpan": 1}'),
    )
    call = add("UnknownParameter", replace(call, body=b'{"Nonsense": 1}'))
    call = add("AuthFailure.UnauthorizedOperation", replace(call, keys=desk.user(keys).keys))
    call = add("AuthFailure.SignatureExpire", replace(call, timestamp=int(time.time()) - 120))
    call = add("NoSuchVersion", replace(call, extra={"X-TC-Version": "2017-03-12"}))
    call = add("AuthFailure.TokenFailure", replace(call, extra={**call.extra, "X-TC-Token": "t"}))
    forged = replace(call.keys, secret_key="another")
    call = add("AuthFailure.SignatureFailure", replace(call, keys=forged))
    call = add("RequestSizeLimitExceeded", replace(call, body=b" " * (256 * 1024 + 1)))
    call = add(
        "AuthFailure.SecretIdNotFound", replace(call, keys=replace(forged, secret_id="AKID"))
    )
    call = add("MissingParameter", replace(call, extra={**call.extra, "X-TC-Timestamp": None}))
    add("InvalidRequest", replace(call, query="a=b"))
    return dict(zip(NAMES, reversed(made), strict=True))


def test_the_page_shows_the_list() -> None:
    """With the same names in the same order."""
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    shown = re.findall(r"^\| (\d+) ([^|]+) \|", page, re.MULTILINE)
    numbered = [(str(number), name) for number, name in enumerate(NAMES, FIRST)]
    assert shown[FIRST:] == numbered


@pytest.mark.parametrize("step", NAMES)
def test_what_is_wrong_at_several_steps_is_refused_at_the_first(wrong: Wrong, step: str) -> None:
    """So the steps run in the order of the list."""
    call, code = wrong[step]
    assert call.send().code == code
