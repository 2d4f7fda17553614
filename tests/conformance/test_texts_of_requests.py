"""What may stand in the texts of a request, and what of it a refusal never repeats."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import inspect

from certdesk.bootstrap import actions
from certdesk.catalog import Action
from tests.conformance.raw import Answer, Call
from tests.conformance.scene import RECIPES, Scene
from tests.conformance.shapes import Shape, declared, public_actions
from tests.conformance.test_every_action import (
    ask,
    database,
    each_action,
    needed,
    place,
    wire,
)

UNSEEN = ("\u2800", "a\u200bb", "so\u00adft", "x\U000e0041", "\u115f\u1160", "a\u205fb", "a\u2d7f")
AT_AN_END = "研发\u3000"
IDENTITY, PASS_PHRASE, MAIL = "110101199003077758", "Corr3ct-H0rse", "canary.1990@example.com"
SHORT = ("P@ss", "kA9zQ", "correct horse")
CANARIES = (IDENTITY, PASS_PHRASE, MAIL, int(IDENTITY))
SECRET_NAMES = re.compile(
    r"pass|secret|private.?key|phone|mail|number|letter|^value$|^key$", re.IGNORECASE
)
NO_SECRETS = {"SecretId", "PhoneAreaCode", "OrgPhoneArea", "Settings[].Value"}


def texts(kind: inspect.Type, path: str = "", mark: str = "") -> Iterator[tuple[str, str]]:
    """Give the path of each text of a request, and the mark of its type."""
    match kind:
        case inspect.Metadata(type=inner, extra=extra):
            yield from texts(inner, path, (extra or {}).get("text", mark))
        case inspect.UnionType(types=kinds):
            for each in kinds:
                yield from texts(each, path, mark)
        case inspect.StrType():
            yield path, mark
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            yield from texts(item, f"{path}[]", mark)
        case inspect.StructType(fields=fields):
            for field in fields:
                place = f"{path}.{field.encode_name}" if path else field.encode_name
                yield from texts(field.type, place)


def texts_of(action: Action) -> dict[str, str]:
    """Give the texts of an action's request by path."""
    return dict(texts(inspect.type_info(action.request)))


@each_action
def test_what_nobody_can_see_is_refused_in_every_text(action: Action, scene: Scene) -> None:
    """By parameter, rule and code point; of a text that is hidden without the code point."""
    shape = declared(action.request)
    for path, mark in texts_of(action).items():
        if "parsed" in mark:
            continue
        for text in (*UNSEEN, AT_AN_END):
            answer = ask(scene, action, place(shape, path, text))
            assert answer.code in ("FailedOperation.InvalidParam", "InvalidParameter")
            assert wire(path) in answer.message
            held = "must not contain invisible characters"
            ended = "must not begin or end with a blank other than U+0020"
            assert (ended if text == AT_AN_END else held) in answer.message
            code_points = [f": U+{ord(letter):04X}" for letter in text if not letter.isascii()]
            named = any(point in answer.message for point in code_points)
            assert named == (mark != "hidden")


@pytest.mark.parametrize(
    ("action", "parameter"),
    [
        ("CertificateInfoSubmit", "CertCommonName"),
        ("CertificateInfoSubmit", "DnsNames"),
        ("SubmitCertificateInformation", "CertificateDomain"),
        ("SubmitCertificateInformation", "DomainList"),
        ("ApplyCertificate", "DomainName"),
    ],
)
def test_a_domain_name_holds_nothing_that_cannot_be_seen(
    action: str, parameter: str, scene: Scene
) -> None:
    """It is refused as every other name that is none, and the order shows no such name."""
    found = next(each for each in public_actions() if each.name == action)
    name = "ten\u00adcent.com"
    good = scene.good(action)
    value = [name] if parameter in ("DnsNames", "DomainList") else name
    answer = ask(scene, found, good | {parameter: value})
    assert "Domain" in answer.code or answer.code == "FailedOperation.InvalidParam"
    assert "a domain name must not contain invisible characters: U+00AD" in answer.message


def misplaced(shape: Shape, good: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Put each canary in each place that is not its own, in each type that it is not."""
    for path in shape:
        top = path.partition("[")[0].partition(".")[0]
        for canary in CANARIES:
            for value in (canary, [canary], {"Inner": canary}, [{"Inner": [canary]}]):
                yield good | {top: place(shape, path, value)[top]}
    for canary in CANARIES:
        yield good | {"NoSuchParameter": canary}
        yield good | {"NoSuchParameter": {"Inner": [canary]}}
        yield good | {"NoSuchParameter.0.Inner": canary}


def told(answer: Answer) -> list[str]:
    """Give the canaries that a refusal repeats, in whole or for the most part."""
    return [part for part in (IDENTITY[:12], PASS_PHRASE[:8], MAIL[:8]) if part in answer.message]


@each_action
def test_a_value_in_the_wrong_place_is_not_told_back(action: Action, scene: Scene) -> None:
    """An identity number, a pass phrase, an address: in any parameter, of any type, or in none."""
    shape = declared(action.request)
    good = needed(shape)
    with contextlib.suppress(Exception):
        good = scene.good(action.name) if action.name in RECIPES and shape else good
    refused = set()
    for parameters in misplaced(shape, good):
        answer = ask(scene, action, parameters)
        assert answer.code != "InternalError"
        assert told(answer) == [], answer.message
        if answer.code != "ok":
            refused.add(answer.response["RequestId"])
    assert [part for part in (IDENTITY, PASS_PHRASE, MAIL) if part in scene.desk.log] == []
    with contextlib.closing(database(scene)) as rows:
        query = "SELECT request_id, subject || ' ' || detail FROM audit"
        noted = [text for request_id, text in rows.execute(query) if request_id in refused]
    assert [text for text in noted if IDENTITY in text or PASS_PHRASE in text] == []


@each_action
def test_a_short_pass_phrase_is_not_told_back(action: Action, scene: Scene) -> None:
    """Wherever a number, a truth value or one of a few words is expected, or a name."""
    shape = declared(action.request)
    for path in shape:
        for secret in SHORT:
            answer = ask(scene, action, place(shape, path, secret))
            assert secret not in answer.message


def test_a_secret_that_is_given_twice_is_told_in_neither_place(scene: Scene) -> None:
    """A pass phrase may look like a word: what the request hides, its refusal hides too."""
    action = next(each for each in public_actions() if each.name == "CertificateInfoSubmit")
    good = scene.good(action.name)
    answer = ask(scene, action, good | {"KeyPass": "filed", "VerifyType": "filed"})
    assert answer.code == "FailedOperation.InvalidParam"
    assert 'VerifyType: must be DNS or DNS_AUTO or FILE; got "…".' in answer.message


@pytest.mark.parametrize("header", ["X-TC-Version", "X-TC-Action"])
def test_a_secret_in_a_header_is_not_told_back(scene: Scene, header: str) -> None:
    """Neither in the refusal nor in the log."""
    call = Call(
        endpoint=scene.desk.endpoint,
        keys=scene.keys,
        action="DescribeCompanies",
        extra={header: PASS_PHRASE},
    )
    answer = call.send()
    assert answer.code in ("NoSuchVersion", "InvalidAction")
    assert PASS_PHRASE not in answer.message
    assert PASS_PHRASE not in scene.desk.log


def test_every_parameter_that_may_be_secret_has_a_type_that_says_so() -> None:
    """By its name; one that is added and holds no secret joins the exceptions."""
    missing = [
        f"{action.name}.{path}"
        for action in actions()
        for path, mark in texts_of(action).items()
        if SECRET_NAMES.search(path.rpartition(".")[2])
        and "hidden" not in mark
        and path not in NO_SECRETS
    ]
    assert missing == []
