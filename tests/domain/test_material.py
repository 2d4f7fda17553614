"""The material of an order: its values by path, and masked telephone numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.orders.material import MASKED_PHONES, Material, unmask, value_at, with_value
from certdesk.domain.values.organisation import Organisation, Person
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret, mask

phones = st.text("0123456789+- ", min_size=1, max_size=20).map(Secret)


def material(**changes: object) -> Material:
    """Make material with a few values."""
    values: dict[str, object] = {
        "csr_source": "online",
        "common_name": "example.com",
        "holder": 2,
        "company_id": "0",
        "organisation": Organisation(name="Example Ltd", phone_number=Secret("010123456")),
        "manager": Person(first_name="Ning", phone=Secret("13112341234")),
        "contact": Person(first_name="Ming", phone=Secret("13112345678")),
    }
    return Material(**values | changes)  # type: ignore[arg-type]  # as a request gives them


def paths(of: Record, prefix: str = "") -> list[str]:
    """List all paths, one and two names long."""
    found = []
    for name in of.__struct_fields__:
        value = getattr(of, name)
        if isinstance(value, Record) and not prefix:
            found += paths(value, f"{name}.")
        else:
            found.append(prefix + name)
    return found


def test_there_are_forty_two_values() -> None:
    """One for each of the 42 parameters of CertificateInfoSubmit, CertId aside; a postal code."""
    assert len(paths(material())) == 42


@pytest.mark.parametrize("path", paths(material()))
def test_a_value_is_read_and_replaced_by_its_path(path: str) -> None:
    """All other values stay, and so does the material that was changed."""
    before = material()
    marked = Secret("changed")
    after = with_value(before, path, marked)
    assert value_at(after, path) is marked
    assert [each for each in paths(before) if value_at(before, each) != value_at(after, each)] == [
        path
    ]


@pytest.mark.parametrize("path", MASKED_PHONES)
def test_a_mask_of_the_known_number_is_that_number(path: str) -> None:
    """What is shown masked may come back masked."""
    known = value_at(material(), path)
    assert isinstance(known, Secret)
    given_again = with_value(material(), path, Secret(mask(known.text())))
    assert value_at(unmask(given_again, material()), path) == known


@given(path=st.sampled_from(MASKED_PHONES), new=phones, known=st.none() | phones)
def test_any_other_number_stays_as_it_came(path: str, new: Secret, known: Secret | None) -> None:
    """Also where nothing was known; and nothing else is touched."""
    handed_in = with_value(material(), path, new)
    earlier = with_value(material(organisation=Organisation(name="Other")), path, known)
    assert unmask(handed_in, earlier) == handed_in


@pytest.mark.parametrize("path", MASKED_PHONES)
def test_a_number_that_is_left_out_stays_out(path: str) -> None:
    """A submission replaces the last one as a whole."""
    without = with_value(material(), path, None)
    assert value_at(unmask(without, material()), path) is None


def test_no_value_of_a_secret_shows_in_print() -> None:
    """Material may end up in a traceback."""
    shown = repr(material(key_pass=Secret("pass phrase"), contact_email=Secret("a@example.com")))
    assert not any(
        value in shown
        for value in ("010123456", "13112341234", "13112345678", "pass phrase", "a@example.com")
    )
