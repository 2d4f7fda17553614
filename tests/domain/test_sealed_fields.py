"""Cleartext and secret fields: split for storage, and joined again."""

from __future__ import annotations

import contextlib
import json
import pickle
import types
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certdesk.domain.orders.material import Material
from certdesk.domain.values.organisation import Organisation, People, Person
from certdesk.domain.values.record import Record
from certdesk.domain.values.sealed_fields import build, cleartext_fields, join_fields, secret_fields
from certdesk.domain.values.secret import Secret

KINDS = [Material, Organisation, Person, People]

# Secrets begin with a mark that no cleartext has, so that one in the wrong part is found.
MARK = "\N{SNOWMAN}"
plain_texts = st.text(st.characters(codec="utf-8", exclude_characters=MARK), max_size=20)
SCALARS: dict[object, st.SearchStrategy[Any]] = {
    types.NoneType: st.none(),
    bool: st.booleans(),
    int: st.integers(-(2**53), 2**53),
    str: plain_texts,
    Secret: plain_texts.map(lambda text: Secret(MARK + text)),
}


def values(annotation: object) -> st.SearchStrategy[Any]:
    """Derive values of a field from its type."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return st.one_of([values(kind) for kind in typing.get_args(annotation)])
    if typing.get_origin(annotation) is tuple:
        return st.lists(values(typing.get_args(annotation)[0]), max_size=3).map(tuple)
    if isinstance(annotation, type) and issubclass(annotation, Record):
        hints = typing.get_type_hints(annotation)
        return st.builds(annotation, **{name: values(kind) for name, kind in hints.items()})
    return SCALARS[annotation]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=30)
@given(data=st.data())
def test_cleartext_and_secret_fields_make_the_value_again(kind: type, data: st.DataObject) -> None:
    """Whatever the values are, None and empty texts included."""
    value = data.draw(values(kind))
    assert join_fields(kind, cleartext_fields(value), secret_fields(value)) == value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=30)
@given(data=st.data())
def test_no_secret_is_in_the_cleartext_and_no_cleartext_among_the_secrets(
    kind: type, data: st.DataObject
) -> None:
    """The type of a field decides where it lies."""
    value = data.draw(values(kind))
    assert MARK not in cleartext_fields(value)
    assert all(text.startswith(MARK) for text in leaves(json.loads(secret_fields(value).text())))


def leaves(value: object) -> list[str]:
    """List the texts in nested dictionaries."""
    if isinstance(value, dict):
        return [leaf for member in value.values() for leaf in leaves(member)]
    assert isinstance(value, str)
    return [value]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=30)
@given(data=st.data())
def test_no_secret_is_shown_in_print_or_as_json(kind: type, data: st.DataObject) -> None:
    """However a value is written out: for a log, in a traceback, by the library of its type."""
    value = data.draw(values(kind))
    shown = f"{value} {value!r} {msgspec.structs.asdict(value)} {msgspec.structs.astuple(value)}"
    for write in (msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins, pickle.dumps):
        with contextlib.suppress(TypeError):
            written = write(value)
            shown += (
                written.decode(errors="replace") if isinstance(written, bytes) else str(written)
            )
    assert MARK not in shown


def test_both_parts_are_json_without_what_is_absent() -> None:
    """In one spelling: sorted, compact, in any script."""
    organisation = Organisation(
        name="腾讯", country="CN", phone_number=Secret("123"), id_number=Secret("9")
    )
    assert cleartext_fields(organisation) == '{"country":"CN","name":"腾讯"}'
    assert secret_fields(organisation) == Secret('{"id_number":"9","phone_number":"123"}')


def test_a_group_without_values_leaves_no_trace() -> None:
    """In neither part."""
    people = People(manager=Person(email=Secret("a@example.com")))
    assert cleartext_fields(people) == "{}"
    assert secret_fields(people) == Secret('{"manager":{"email":"a@example.com"}}')


def test_every_personal_value_of_the_material_is_a_secret_by_type() -> None:
    """Telephone numbers, mailboxes, identity numbers and the pass phrase."""
    secret = {
        f"{kind.__name__}.{name}"
        for kind in KINDS
        for name, hint in typing.get_type_hints(kind).items()
        if Secret in typing.get_args(hint)
    }
    assert secret == {
        "Material.key_pass",
        "Material.contact_email",
        "Organisation.phone_number",
        "Organisation.id_number",
        "Person.phone",
        "Person.email",
        "Person.id_number",
    }


def test_building_hides_what_is_to_be_hidden() -> None:
    """From plain values, as a request has them."""
    person = build(Person, {"first_name": "Ning", "phone": "123"})
    assert person == Person(first_name="Ning", phone=Secret("123"))


@pytest.mark.parametrize("values", [{"age": 7, "first_name": 7}, {"first_name": ["Ning"]}])
def test_values_of_another_type_are_no_person(values: dict[str, object]) -> None:
    """What was stored is checked when it is read."""
    with pytest.raises(msgspec.ValidationError):
        build(Person, values)
