"""What tenants wrote, in everything that operators' commands print, at a terminal and without one.

What the API takes today is written through it. What an older desk may have taken, or another
program wrote, is put into every text of the database that its type says somebody wrote.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest

from certdesk.cli import main as cli
from certdesk.domain.values import keys as keypairs
from certdesk.domain.values.free_text import CleartextOf, Text, hints
from certdesk.domain.values.visible import MARKS, unseen
from certdesk.ports import COLLECTIONS
from tests import chains
from tests.actions.submitting import COMPANY
from tests.running import NO_KEYS_AHEAD, RunningDesk, running

MARKUP = "[/x] [bold red]now[/] [link=http://x]"
HOSTILE = (
    "[/x] \x1b[2J\x1b]8;;http://x\x07 \x9b31m\r\u202egpj\u2066 a\u200bb\u00ad \U000e0041 \u2800"
    "o" + "\u0301" * 100 + "x" * 3000
)


class Terminal(io.StringIO):
    """What a person at a terminal reads."""

    def isatty(self) -> bool:
        """Say that a person reads it."""
        return True


def seed(desk: RunningDesk) -> dict[str, str]:
    """Have texts of tenants wherever they can write some; give what commands are to name."""
    keys = desk.account()
    labels = [{"TagKey": MARKUP, "TagValue": MARKUP}]
    client = desk.client(keys)
    company = desk.company(keys, CompanyAddress=MARKUP, Tags=labels)
    manager = desk.manager(keys, company, ManagerFirstName=MARKUP, ManagerPosition=MARKUP)
    order = client.buy(14)
    given = COMPANY | {"OrgOrganization": "[/x]", "OrgDivision": MARKUP, "AdminTitle": MARKUP}
    client.submit(order, **{name: value for name, value in given.items() if value is not None})
    client.call("CertificateOrderSubmit", CertId=order)
    client.call("ModifyCertificateAlias", CertificateId=order, Alias=MARKUP)
    key = chains.key_of(keypairs.KeyKind.P_256)
    upload = client.call(
        "UploadCertificate",
        CertificatePublicKey=chains.pem(chains.leaf(key, "www.example.com", common_name="[/x]")),
        CertificatePrivateKey=keypairs.private_key_pem(key).decode(),
        Alias=MARKUP,
        Tags=labels,
    )["CertificateId"]
    desk.operate("AddProject", Uin=keys.uin, Name=MARKUP)
    user = desk.operate("AddUser", Uin=keys.uin, Name=MARKUP)["UserId"]
    person = desk.operate("InviteUser", Uin=keys.uin, Name=MARKUP)["PersonId"]
    policy = desk.operate(
        "AddPolicy", Uin=keys.uin, Name=MARKUP, Effect="allow", Actions=["ssl:*"]
    )["PolicyId"]
    desk.operate("BlockKeys", Digests=["00" * 32], Reason=MARKUP)
    names = {"uin": keys.uin, "company": company, "manager": manager, "order": order}
    return {
        name: str(value)
        for name, value in (
            names | {"upload": upload, "user": user, "person": person, "policy": policy}
        ).items()
    }


def poison(hint: object, value: Any) -> Any:  # noqa: ANN401 -- as it is stored
    """Put the worst into each text that somebody may write, as the database keeps it."""
    marks = str(hint)
    if value in (None, "", "[]"):
        return value
    if "Half" in marks:
        half = next(each for each in _metadata(hint) if isinstance(each, CleartextOf))
        facts = json.loads(value)
        for name, inner in hints(half.of).items():
            if facts.get(name):
                facts[name] = poison(inner, facts[name])
        return json.dumps(facts)
    if isinstance(value, dict):
        kind = next(each for each in COLLECTED if each.__name__ in marks)
        return {name: poison(hints(kind)[name], inner) for name, inner in value.items()}
    if Text.WORDS.name not in marks and Text.LASTING.name not in marks:
        return value
    if "tuple[tuple" in marks:
        return json.dumps([[HOSTILE for _ in inner] for inner in json.loads(value)])
    return json.dumps([HOSTILE]) if marks.startswith("tuple") else HOSTILE


def _metadata(hint: object) -> tuple[object, ...]:
    return getattr(hint, "__metadata__", ())


COLLECTED = {
    kind
    for spec in COLLECTIONS
    for each in hints(spec.record).values()
    for half in _metadata(each)
    if isinstance(half, CleartextOf)
    for kind in hints(half.of).values()
    if isinstance(kind, type)
}
KEEPS = {("audit", "subject"), ("audit", "actor"), ("reviews", "approvals")}
"""What other things are found by, or what is no text of a tenant's."""


def poison_all(desk: RunningDesk) -> None:
    """Put the worst into every text of the database."""
    with contextlib.closing(sqlite3.connect(desk.folder / "certdesk.db")) as database:
        for spec in COLLECTIONS:
            for field, hint in hints(spec.record).items():
                if (spec.name, field) in KEEPS or not any(
                    word in str(hint) for word in ("Text.WORDS", "Text.LASTING", "Half")
                ):
                    continue
                rows = database.execute(f"SELECT rowid, {field} FROM {spec.name}").fetchall()  # noqa: S608 -- ours
                for row, value in rows:
                    change = f"UPDATE {spec.name} SET {field} = ? WHERE rowid = ?"  # noqa: S608 -- ours
                    database.execute(change, [poison(hint, value), row])
        database.commit()


@pytest.fixture(scope="module", params=["written", "poisoned"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningDesk, dict[str, str]]]:
    """A desk whose tenants mean no good, and the ids of what is in it."""
    with running(tmp_path_factory.mktemp("hostile") / "desk", settings=NO_KEYS_AHEAD) as started:
        ids = seed(started)
        if request.param == "poisoned":
            started.stop()
            poison_all(started)
            started.start()
        yield started, ids


SHOWN: dict[str, tuple[str, ...]] = {
    "account list": (),
    "account limits": ("{uin}",),
    "user list": ("--uin", "{uin}"),
    "user show": ("{user}",),
    "user logins": ("--uin", "{uin}"),
    "staff list": (),
    "staff show": ("person:{person}",),
    "policy list": ("--uin", "{uin}"),
    "policy show": ("{policy}",),
    "project list": ("--uin", "{uin}"),
    "company list": ("--uin", "{uin}"),
    "company show": ("{company}",),
    "manager list": ("--uin", "{uin}"),
    "manager show": ("{manager}",),
    "zone list": (),
    "review list": (),
    "review decided": (),
    "review show": ("order:{order}",),
    "orders": (),
    "order show": ("{upload}",),
    "order current": ("{upload}",),
    "person export": ("nobody@example.com",),
    "vault status": (),
    "blocklist status": ("00" * 32,),
    "ca show": (),
    "ca export": (),
    "doctor": (),
    "settings": (),
    "products": (),
}
"""Every command that shows what is kept, and what it is given."""

CHANGES = frozenset(
    """serve, sandbox, worker, demo, world, call, clock accept, account add, account disable,
    account enable,
    account limit, account set, account verify, key add, key rotate, key disable, user add,
    user disable, user enable, user attach, user detach, policy add, policy remove, project add,
    project rename, project remove, token add, company add, manager add, zone add, zone remove,
    review approve, review reject, review letter, order resume, order revoke, order keep,
    order move, order grant, order refund, person erase, blocklist import, staff invite,
    staff end, staff reset-second-step, staff link, staff unlink, staff link-identity,
    staff unlink-identity, user invite, user end, user reset-second-step, user link, user unlink,
    user link-identity, user unlink-identity, staff disable, staff enable, review ask,
    review note""".replace("\n    ", " ").split(", ")
)
"""Commands that change something, and answer with numbers and ids."""


def leaves(command: click.Command, path: str = "") -> Iterator[str]:
    """Name every command that does something."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from leaves(inner, f"{path} {name}".strip())
    else:
        yield path


def run(desk: RunningDesk, words: list[str], out: io.StringIO) -> str:
    """Run a command in this process, as one that asks the running server; give what it prints."""
    err = io.StringIO()
    given = [
        *words,
        "--data",
        str(desk.folder),
        "--config",
        str(desk.folder.with_name(f"{desk.folder.name}.toml")),
    ]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = 0
        try:
            cli.certdesk.main(given, "certdesk", standalone_mode=False)
        except SystemExit as ended:
            code = int(ended.code or 0)
    assert (code, err.getvalue()) in ((0, ""), (1, "")), err.getvalue()
    return out.getvalue()


@pytest.mark.parametrize("command", SHOWN)
@pytest.mark.parametrize("reader", [Terminal, io.StringIO], ids=["person", "program"])
def test_no_command_prints_what_a_terminal_obeys(
    desk: tuple[RunningDesk, dict[str, str]],
    command: str,
    reader: Callable[[], io.StringIO],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor ends in a traceback; and a program reads JSON, with the very texts."""
    monkeypatch.setitem(os.environ, "TERM", "dumb")
    started, ids = desk
    words = [*command.split(), *(word.format(**ids) for word in SHOWN[command])]
    printed = run(started, words, reader())
    for line in printed.split("\n"):
        assert line == "" or line.isprintable(), command
        assert unseen(line) is None, command
        assert "\u0301" * (MARKS + 1) not in line, command
    if reader is io.StringIO and command not in ("ca show", "ca export", "doctor"):
        json.loads(printed)


def test_an_organisation_in_markup_is_listed_like_any_other(
    desk: tuple[RunningDesk, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It used to end the list in a traceback, for everybody."""
    monkeypatch.setitem(os.environ, "TERM", "dumb")
    printed = run(desk[0], ["review", "list"], Terminal())
    assert "[/x]" in printed
    assert f"order:{desk[1]['order']}" in printed
    users = json.loads(run(desk[0], ["user", "list", "--uin", desk[1]["uin"]], io.StringIO()))
    assert {each["Name"] for each in users} <= {MARKUP, HOSTILE}


def test_every_command_is_one_that_shows_or_one_that_changes() -> None:
    """A new one joins the table above."""
    found = set(leaves(cli.certdesk))
    assert found == SHOWN.keys() | CHANGES
