"""No request holds the desk's interpreter for long, whatever it brings."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import inspect

from certdesk.catalog import Action
from tests.acceptance.processes import NO_RSA_STOCK
from tests.conformance.raw import Call
from tests.conformance.scene import Scene, set_up
from tests.conformance.shapes import public_actions
from tests.costs import WORST
from tests.costs_domain import international_names
from tests.hostile_files import in_base64, pdf_of_slashes
from tests.lengths import lists, texts, written
from tests.running import RunningDesk, running
from tests.web.raw import call

MOST_MS = 50
"""Of CPU, in one call of one thread or for one request."""

TIMES = 5
ROOT = Path(__file__).parents[2]
PIECES = ("a", "1", ".", "a.", " ", "@", '"', "\\", "é", "\u0301", "-----BEGIN", "/", "\u200d")
"""What a hostile text repeats; `tests/costs_kinds.py` has more."""


@pytest.mark.parametrize("name", sorted(WORST))
def test_the_worst_takes_less_than_a_twentieth_of_a_second(name: str) -> None:
    """Alone in a process, the best of five; of a parser in another process, what the desk does."""
    words = [sys.executable, "-m", "tests.costs", name]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    taken: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    assert taken
    assert {case: ms for case, ms in taken.items() if ms > MOST_MS} == {}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A desk of its own with an account that has everything."""
    with running(tmp_path_factory.mktemp("costs") / "desk", settings=NO_RSA_STOCK) as desk:
        yield set_up(desk)


def cpu_ms(desk: RunningDesk) -> float:
    """Tell how much CPU the threads of a desk have had, those of other processes left out."""
    tasks = Path(f"/proc/{desk.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e6


def cost(scene: Scene, action: str, payload: bytes, *headers: str) -> float:
    """Give the milliseconds of CPU that a request takes the desk, the best of a few."""
    best = float("inf")
    for _ in range(TIMES):
        before = cpu_ms(scene.desk)
        answer = call(scene.desk.endpoint, scene.keys, action, payload, *headers)
        assert answer.code != "InternalError", payload[:200]
        best = min(best, cpu_ms(scene.desk) - before)
        if best < MOST_MS / 2:
            break
    return best


def hostile(action: Action, good: dict[str, object]) -> Iterator[tuple[str, bytes]]:
    """Give requests that are good but for one parameter, which is as long as it may be."""
    kind = inspect.type_info(action.request)
    for path, most in texts(kind):
        for piece in PIECES:
            size = min(most, action.body_limit - 4096) // len(json.dumps(piece)[1:-1])
            changed = good | written(path, piece * max(size // len(piece), 1))
            yield f"{'.'.join(path)}: {piece!r}", json.dumps(changed).encode()
    for path, most in lists(kind):
        for member in ("\u2800", "a.b", 1, {}, {"TagKey": "a", "TagValue": "b"}):
            changed = good | written(path, [member] * most)
            yield f"{'.'.join(path)}: {member!r}", json.dumps(changed).encode()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("action", public_actions(), ids=lambda action: action.name)
def test_no_parameter_of_an_action_costs_much(scene: Scene, action: Action) -> None:
    """Each text and each list at its limit, through the front door."""
    good = scene.good(action.name)
    costs = {
        name: cost(scene, action.name, payload)
        for name, payload in hostile(action, good)
        if len(payload) <= action.body_limit
    }
    assert {name: ms for name, ms in costs.items() if ms > MOST_MS} == {}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("action", "names"),
    [("CertificateInfoSubmit", "DnsNames"), ("SubmitCertificateInformation", "DomainList")],
)
def test_a_hundred_names_in_other_scripts_cost_little(
    scene: Scene, action: str, names: str
) -> None:
    """No name comes twice, as they are remembered; e-mail addresses in Hangul come with them."""
    address = f"a@{'.'.join(['가나다라' * 5] * 3)}.com"
    mail = {name: address for name in scene.good(action) if name.endswith("Email")}
    good = scene.good(action) | mail
    costs = {}
    for name, drawn in international_names(action):
        best = float("inf")
        for _ in range(TIMES):
            payload = json.dumps(good | {names: next(drawn)}).encode()
            before = cpu_ms(scene.desk)
            answer = call(scene.desk.endpoint, scene.keys, action, payload)
            assert f"{names}: " in str(answer.response)
            best = min(best, cpu_ms(scene.desk) - before)
        costs[name] = best
    assert {name: ms for name, ms in costs.items() if ms > MOST_MS} == {}


def test_the_header_of_a_part_costs_little(scene: Scene) -> None:
    """995 blanks and a line feed, in 1,033 bytes, took a second."""
    asked = Call(
        endpoint=scene.desk.endpoint,
        keys=scene.keys,
        action="DescribeCertificates",
        body=b"--b\r\nContent-Disposition:" + b" " * 995 + b"\n\r\n\r\nx\r\n--b--\r\n",
        content_type="multipart/form-data; boundary=b",
    )
    best = float("inf")
    for _ in range(TIMES):
        before = cpu_ms(scene.desk)
        assert asked.send().code == "InvalidRequest"
        best = min(best, cpu_ms(scene.desk) - before)
    assert best <= MOST_MS


def test_a_letter_costs_the_desk_little(scene: Scene) -> None:
    """16 KB that inflate to 16 MiB of slashes took two and a half seconds."""
    letter = in_base64(pdf_of_slashes())
    order = str(scene.good("UploadConfirmLetter")["CertificateId"])
    payload = json.dumps({"CertificateId": order, "ConfirmLetter": letter}).encode()
    assert cost(scene, "UploadConfirmLetter", payload) <= MOST_MS
