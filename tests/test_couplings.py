"""What is used of other packages without a promise of theirs: bounded above, and still there."""

from __future__ import annotations

import inspect
import tomllib
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from packaging.requirements import Requirement
from sqlalchemy.exc import OperationalError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from certdesk.storage.driver import Driver
from certdesk.storage.postgresql.connection import Connection
from certdesk.web.connections.protocol import LimitedProtocol
from tests.web.inprocess import conversation

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
BOUND = ("psycopg", "sqlalchemy", "uvicorn")


@pytest.mark.parametrize("name", BOUND)
def test_a_package_is_not_taken_newer_than_it_was_tried(name: str) -> None:
    """And the one that is installed is within the bounds."""
    listed = tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]
    bounds = [each.specifier for each in map(Requirement, listed) if each.name == name]
    assert bounds
    for bound in bounds:
        assert any(part.operator == "<" for part in bound)
        assert version(name) in bound


def test_sqlalchemy_words_the_error_of_a_statement_that_was_run_beside_it() -> None:
    """`Connection._handle_dbapi_exception` has no public name (`storage/driver.py`)."""
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(OperationalError, match="no such table"):
        Driver(connection).run("SELECT * FROM absent")


def test_psycopg_waits_by_the_method_that_is_replaced() -> None:
    """A cursor hands `Connection.wait` the generator of what its statement waits for."""
    assert Connection.wait is not psycopg.Connection.wait
    assert list(inspect.signature(psycopg.Connection.wait).parameters)[1] == "gen"
    assert "self._conn.wait(" in inspect.getsource(psycopg.Cursor.execute)


def test_uvicorn_has_what_the_protocol_builds_on() -> None:
    """Its class, the methods that are replaced, and the attributes that are read."""
    replaced = {
        name
        for name, member in vars(LimitedProtocol).items()
        if inspect.isfunction(member) and hasattr(HttpToolsProtocol, name)
    }
    assert replaced >= {
        "connection_made",
        "connection_lost",
        "data_received",
        "on_header",
        "on_headers_complete",
        "on_message_begin",
        "on_message_complete",
        "on_url",
    }
    assert "keep_alive" in inspect.signature(RequestResponseCycle).parameters
    answered, ended = conversation([b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
    assert (answered.split(b"\r\n")[0], ended) == (b"HTTP/1.1 200 OK", False)
