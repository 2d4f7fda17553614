"""URLs without the secrets in them."""

from __future__ import annotations

import pytest
from psycopg import pq
from sqlalchemy import make_url

from certdesk.domain.values.secret_urls import SECRET_FIELDS, without_secrets

SECRET = "Other9"
HIDDEN = [
    "postgresql://u:{}@h/d",
    "postgresql://u:{}@h/d?sslmode=disable",
    "postgresql://u:a/{}@h/d",
    "postgresql://u:a?{}@h/d",
    "postgresql://u:a@{}@h/d",
    "postgresql+psycopg://u:{}@h:5432/d",
    "postgresql://u@h/d?password={}&sslmode=disable",
    "postgresql://u:p@h/d?sslmode=disable&password={}",
    "postgresql://u@h/d?pass%77ord={}",
    "postgresql://u@h/d?password=a&password={}",
    "postgresql://u@h/d?sslpassword={}",
    "postgresql://u@h/d?oauth_client_secret={}",
    "postgresql://u@h/d?passfile=/home/{}",
    "https://u:{}@h/d",
]


@pytest.mark.parametrize("url", HIDDEN)
def test_no_secret_is_shown(url: str) -> None:
    """In whatever part of the URL it is; that there is one may be seen."""
    shown = without_secrets(url.format(SECRET))
    assert SECRET not in shown
    assert "***" in shown
    assert without_secrets(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u@h:5432/d?host=/run/pg&options=-csearch_path%3Ddesk",
        "postgresql://u@h/d?password=",
        "http://127.0.0.1:8080/a@b",
        "https://desk.example/a?b=c",
        "password=of no URL",
        "sqlite:////var/lib/certdesk/desk.db",
        "",
    ],
)
def test_a_text_without_a_secret_is_shown_as_it_is(text: str) -> None:
    """To the letter: two databases are told apart by it."""
    assert without_secrets(text) == text


def test_what_the_client_library_calls_secret_is_hidden() -> None:
    """By its own list, which marks such fields for programs that ask for them."""
    marked = {each.keyword.decode() for each in pq.Conninfo.get_defaults() if each.dispchar == b"*"}
    assert "password" in marked
    assert marked <= SECRET_FIELDS


def test_the_password_that_is_hidden_is_the_one_that_is_used() -> None:
    """As the driver reads the URL."""
    assert make_url(f"postgresql://u:a/{SECRET}?b@h/d").password == f"a/{SECRET}?b"
    assert make_url(f"postgresql://u@h/d?pass%77ord={SECRET}").query["password"] == SECRET
