"""What all parsers promise, proven on each adapter; a new one joins by a line in ADAPTERS."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from certdesk.domain.pki import upload
from certdesk.domain.pki.chain import ChainFault
from certdesk.domain.values.keys import KeyKind, private_key_pem
from certdesk.domain.vetting import letters
from certdesk.parsing.pool import ParserPool
from certdesk.ports import Parsers, Pending
from certdesk.testing.parsing import InlineParsers
from tests import chains
from tests.hostile_files import in_base64
from tests.papers import PDF

Parse: TypeAlias = Callable[..., object]


@contextlib.contextmanager
def processes() -> Iterator[Parsers]:
    """Give a process that parses."""
    pool = ParserPool(processes=1, seconds=5)
    pool.start()
    try:
        yield pool
    finally:
        pool.stop()


ADAPTERS: dict[str, Callable[[], contextlib.AbstractContextManager[Parsers]]] = {
    "here": lambda: contextlib.nullcontext(InlineParsers()),
    "processes": processes,
}


@pytest.fixture(scope="module", params=ADAPTERS)
def parse(request: pytest.FixtureRequest) -> Iterator[Parse]:
    """Run a parser with what counts otherwise and its arguments, and wait for what it finds."""
    with ADAPTERS[request.param]() as parsers:

        def parse(otherwise: object, parser: Callable[..., object], *words: object) -> object:
            while True:
                try:
                    return parsers.run("100", "a request", otherwise, parser, *words)
                except Pending as pending:
                    pending.done.result()

        yield parse


def test_what_a_parser_finds_comes_back_whole(parse: Parse) -> None:
    """A letter with its content."""
    found = parse(letters.TOO_COSTLY, letters.examine, in_base64(PDF), ("JPG", "PDF"))
    assert found == letters.Examined(form="PDF", content=PDF)


def test_so_do_certificates_with_their_key(parse: Parse) -> None:
    """Times, names and all, as they are read in the same process."""
    key = chains.key_of(KeyKind.P_256)
    handed = (
        chains.pem(chains.leaf(key, "a.example", "b.example"), chains.intermediate().certificate),
        private_key_pem(key).decode(),
        None,
    )
    assert parse(upload.TOO_COSTLY, upload.examine, *handed) == upload.examine(*handed)


def test_a_refusal_comes_back_with_its_reason(parse: Parse) -> None:
    """Of a letter and of an upload."""
    assert parse(letters.TOO_COSTLY, letters.examine, "!", ("PDF",)) == letters.Examined(
        flaw=letters.Flaw.FORMAT, rule="is not base64"
    )
    refused = parse(upload.TOO_COSTLY, upload.examine, "none", None, None)
    assert isinstance(refused, upload.Examined)
    assert refused.fault is ChainFault.UNREADABLE


def test_several_files_are_read_at_once_each_with_what_it_is(parse: Parse) -> None:
    """A request waits once, however many files it has."""
    texts = [in_base64(PDF), in_base64(b"x" * 2000)]
    found = parse([letters.TOO_COSTLY] * 2, letters.examine_files, texts, ("PDF",))
    bad = letters.Examined(flaw=letters.Flaw.FORMAT, rule="is not one of these file types")
    assert found == [letters.Examined(form="PDF", content=PDF), bad]


def test_who_has_no_account_is_served_too() -> None:
    """The staff of the desk send files as well."""
    with processes() as parsers:
        for _ in range(2):
            try:
                found = parsers.run(
                    "", "r", letters.TOO_COSTLY, letters.examine, in_base64(PDF), ("PDF",)
                )
            except Pending as pending:
                pending.done.result(10)
    assert found.form == "PDF"
