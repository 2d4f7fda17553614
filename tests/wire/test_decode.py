import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import field

from certdesk.domain.errors import (
    InvalidParam,
    InvalidParameter,
    MissingParameter,
    ServiceError,
    UnknownParameter,
)
from certdesk.wire.decode import decode, hidden_in
from certdesk.wire.model import (
    LIST_LIMIT,
    TEXT_LIMIT,
    Hidden,
    HiddenParsed,
    Ignored,
    Integer,
    Parsed,
    Part,
    Request,
    Stored,
    Tag,
    Unsigned,
)


class Place(Part):
    """A structure with every kind of member."""

    city: str
    floor: Integer | None = None
    open: bool | None = None
    rooms: list[Unsigned] | None = None


class Submit(Request):
    """A request with every kind of parameter."""

    certificate_id: str = field(name="CertId")
    company_type: Unsigned
    alias: str | None = None
    key_pass: str | None = None
    offset: Integer = 0
    deletes_record: bool | None = None
    dns_names: list[str] | None = None
    ids: tuple[str, ...] = ()
    tags: list[Tag] | None = None
    place: Place | None = None


class Nothing(Request):
    """A request without parameters."""


GOOD: dict[str, object] = {"CertId": "a1B2c3D4", "CompanyType": 2}


def submit(**parameters: object) -> Submit:
    """Decode the required parameters and these."""
    return decode({**GOOD, **parameters}, Submit)


def refusal(**parameters: object) -> ServiceError:
    """Give the error for the required parameters and these."""
    with pytest.raises(ServiceError) as refused:
        submit(**parameters)
    return refused.value


# --- what is read ------------------------------------------------------------------------------


def test_parameters_arrive_as_declared() -> None:
    """Every kind of value has the type of its declaration."""
    request = submit(
        Alias="湖南省",
        Offset=-1,
        DeletesRecord=True,
        DnsNames=["a.example", "b.example"],
        Ids=["1", "2"],
        Tags=[{"TagKey": "k", "TagValue": "v"}],
        Place={"City": "Changsha", "Floor": -2, "Open": False, "Rooms": [1, 2]},
    )
    assert request == Submit(
        certificate_id="a1B2c3D4",
        company_type=2,
        alias="湖南省",
        offset=-1,
        deletes_record=True,
        dns_names=["a.example", "b.example"],
        ids=("1", "2"),
        tags=[Tag(tag_key="k", tag_value="v")],
        place=Place(city="Changsha", floor=-2, open=False, rooms=[1, 2]),
    )


def test_what_is_not_given_has_its_default() -> None:
    """A request without parameters is read from nothing."""
    assert submit() == Submit(certificate_id="a1B2c3D4", company_type=2)
    assert decode({}, Nothing) == Nothing()


@pytest.mark.parametrize("absent", [None, ""])
def test_null_and_empty_text_are_absent(absent: object) -> None:
    """At the top, in a structure and in a list; the documentation's examples send both."""
    request = submit(
        Alias=absent,
        Offset=absent,
        DeletesRecord=absent,
        DnsNames=absent,
        Ids=[absent, "1", absent],
        Tags=[absent, {"TagKey": "k", "TagValue": "v"}],
        Place={"City": "Changsha", "Floor": absent, "Open": absent, "Rooms": [absent]},
    )
    assert request == submit(
        Ids=["1"],
        Tags=[{"TagKey": "k", "TagValue": "v"}],
        Place={"City": "Changsha", "Rooms": []},
    )


@pytest.mark.parametrize("text", ["null", "None", "true", "2", " a ", "0"])
def test_text_stays_as_it_is(text: str) -> None:
    """Neither words that mean something elsewhere nor white space are touched."""
    request = submit(Alias=text, DnsNames=[text], Tags=[{"TagKey": text, "TagValue": text}])
    assert request.alias == text
    assert request.dns_names == [text]
    assert request.tags == [Tag(tag_key=text, tag_value=text)]


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2), ("0", 0), ("-0", 0), ("9223372036854775807", 2**63 - 1)],
)
def test_an_integer_may_be_given_as_decimal_text(text: str, number: int) -> None:
    """Forms have only text, and the documentation's examples write `"2"`."""
    request = submit(CompanyType=text, Offset=text, Place={"City": "x", "Rooms": [text]})
    assert request.company_type == request.offset == number
    assert request.place == Place(city="x", rooms=[number])


def test_a_signed_integer_goes_down_to_its_least_value() -> None:
    """The wire's int64 has 63 bits and a sign."""
    assert submit(Offset="-9223372036854775808").offset == -(2**63)


@pytest.mark.parametrize(
    ("text", "truth"), [("True", True), ("true", True), ("False", False), ("false", False)]
)
def test_a_boolean_may_be_given_as_the_clients_write_it(text: str, *, truth: bool) -> None:
    """Python's forms say `True`, those of Node and Go say `true`."""
    assert submit(DeletesRecord=text).deletes_record is truth
    assert submit(Place={"City": "x", "Open": text}).place == Place(city="x", open=truth)


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "path", "detail"),
    [
        ({"Alias": 2}, "Alias", "`string`, but a number came."),
        ({"Alias": 2.5}, "Alias", "`string`, but a number came."),
        ({"Alias": True}, "Alias", "`string`, but a boolean came."),
        ({"Alias": ["a"]}, "Alias", "`string`, but a list came."),
        ({"Alias": {"A": "a"}}, "Alias", "`string`, but a structure came."),
        ({"DnsNames": "a.example"}, "DnsNames", "`list`, but text came."),
        ({"DnsNames": {"0": "a"}}, "DnsNames", "`list`, but a structure came."),
        ({"DnsNames": ["", "a", 3]}, "DnsNames.2", "`string`, but a number came."),
        ({"DnsNames": [["a"]]}, "DnsNames.0", "`string`, but a list came."),
        ({"Tags": {"TagKey": "k"}}, "Tags", "`list`, but a structure came."),
        ({"Tags": ["k"]}, "Tags.0", "`structure`, but text came."),
        ({"Tags": [["k", "v"]]}, "Tags.0", "`structure`, but a list came."),
        (
            {"Tags": [{"TagKey": "k", "TagValue": "v"}, {"TagKey": 1, "TagValue": "v"}]},
            "Tags.1.TagKey",
            "`string`, but a number came.",
        ),
        ({"Place": "Changsha"}, "Place", "`structure`, but text came."),
        (
            {"Place": {"City": "x", "Rooms": [1, "b"]}},
            "Place.Rooms.1",
            "`integer` from 0 to 9223372036854775807, but a text of 1 character came.",
        ),
        ({"DeletesRecord": 1}, "DeletesRecord", "`boolean`, but `1` came."),
        ({"DeletesRecord": 0}, "DeletesRecord", "`boolean`, but `0` came."),
        ({"DeletesRecord": "1"}, "DeletesRecord", "`boolean`, but `1` came."),
        ({"DeletesRecord": "TRUE"}, "DeletesRecord", "`boolean`, but `TRUE` came."),
        ({"DeletesRecord": "yes"}, "DeletesRecord", "`boolean`, but `yes` came."),
        ({"DeletesRecord": "null"}, "DeletesRecord", "`boolean`, but `null` came."),
        ({"DeletesRecord": "P@ss"}, "DeletesRecord", "`boolean`, but a text of 4 characters came."),
        ({"DeletesRecord": []}, "DeletesRecord", "`boolean`, but a list came."),
    ],
)
def test_a_value_of_another_type_is_refused(
    parameters: dict[str, object], path: str, detail: str
) -> None:
    """The message says what was expected and what came."""
    error = refusal(**parameters)
    assert isinstance(error, InvalidParameter)
    assert error.subject == path
    assert error.message == (
        f"The value type of parameter `{path}` is not valid. Its input type should be {detail}"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-1, "`-1`"),
        ("-1", "`-1`"),
        (2**63, "a number with too many digits to be shown"),
        ("9223372036854775808", "a number with too many digits to be shown"),
        ("11010119900307775X", "a text of 18 characters"),
        ("Corr3ct-Horse", "a text of 13 characters"),
        ("9" * 5000, "a text of 5000 characters"),
        (1.5e9, "a number"),
        (2.0, "`2.0`"),
        ("2.0", "`2.0`"),
        ("2e0", "`2e0`"),
        ("02", "`02`"),
        ("+2", "`+2`"),
        (" 2", "` 2`"),
        ("2\n", r"`2\n`"),
        ("\x1b[2J", "a text of 4 characters"),
        ("1\u202e2", "a text of 3 characters"),
        ("1_0", "`1_0`"),
        ("0x2", "`0x2`"),
        ("２", "`２`"),
        ("null", "`null`"),
        ("None", "`None`"),
        *(
            (text, f"a text of {len(text)} characters")
            for text in ("P@ss", "kA9zQ", "correct horse", "letmein", "two")
        ),
        (True, "`true`"),
        (False, "`false`"),
        ([2], "a list"),
        ({"A": 2}, "a structure"),
    ],
)
def test_what_is_no_whole_number_in_range_is_refused_and_shown(value: object, shown: str) -> None:
    """One way to write a number in text, and no number that only nearly fits."""
    error = refusal(CompanyType=value)
    assert isinstance(error, InvalidParameter)
    assert error.subject == "CompanyType"
    assert error.detail == (
        f"Its input type should be `integer` from 0 to 9223372036854775807, but {shown} came."
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"KeyPass": 73310942},
        {"KeyPass": [73310942]},
        {"KeyPass": {"73310942": 73310942}},
        {"DnsNames": "73310942"},
        {"DnsNames": [73310942]},
        {"Place": "73310942"},
        {"CompanyType": ["73310942"]},
    ],
)
def test_a_value_that_may_be_secret_is_not_shown(parameters: dict[str, object]) -> None:
    """Pass phrases and phone numbers stay out of messages, also when sent as numbers."""
    assert "73310942" not in refusal(**parameters).message


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"Nonsense": "x"}, "Nonsense"),
        ({"Nonsense": ""}, "Nonsense"),
        ({"Nonsense": None}, "Nonsense"),
        ({"alias": "x"}, "alias"),
        ({"certificate_id": "x"}, "certificate_id"),
        ({"CertificateId": "x"}, "CertificateId"),
        ({"Alias ": "x"}, "Alias "),
        ({"": "x"}, ""),
        ({"Place": {"City": "x", "Street": "y"}}, "Place.Street"),
        ({"Tags": [{"TagKey": "k", "TagValue": "v", "$schema": 1}]}, "Tags.0.$schema"),
        ({"n" * 5000: "x"}, "n" * 64 + "…"),
        ({"\x1b[31mCertId": "x"}, r"\x1b[31mCertId"),
    ],
)
def test_an_unknown_parameter_is_refused(parameters: dict[str, object], path: str) -> None:
    """Names are matched exactly, at every depth, whatever the value."""
    error = refusal(**parameters)
    assert isinstance(error, UnknownParameter)
    assert error.subject == path
    assert error.message == f"The parameter `{path}` is not recognized."


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"CompanyType": 2}, "CertId"),
        ({"CertId": "", "CompanyType": 2}, "CertId"),
        ({"CertId": None, "CompanyType": 2}, "CertId"),
        ({"CertId": "a", "CompanyType": ""}, "CompanyType"),
        ({**GOOD, "Place": {}}, "Place.City"),
        ({**GOOD, "Place": {"City": ""}}, "Place.City"),
        ({**GOOD, "Tags": [None, {"TagKey": "k", "TagValue": ""}]}, "Tags.1.TagValue"),
    ],
)
def test_a_missing_parameter_is_named(parameters: dict[str, object], path: str) -> None:
    """Empty is missing, at every depth; places in a list are counted as sent."""
    with pytest.raises(MissingParameter) as refused:
        decode(parameters, Submit)
    assert refused.value.subject == path
    assert refused.value.message == f"The request is missing a required parameter `{path}`."


def test_all_faults_are_named_unknown_ones_first_and_wrong_types_last() -> None:
    """The code is the first fault's; a client can mend everything at once."""
    parameters = {
        "Alias": 5,
        "Nonsense": 1,
        "Offset": "far",
        "Tags": [{"TagKey": "k", "Colour": "red"}],
    }
    with pytest.raises(UnknownParameter) as refused:
        decode(parameters, Submit)
    assert refused.value.subject == "Nonsense"
    assert refused.value.message == (
        "The parameter `Nonsense` is not recognized. Further faults: "
        "`Tags.0.Colour`: not recognized; "
        "`Tags.0.TagValue`: missing; "
        "`CertId`: missing; "
        "`CompanyType`: missing; "
        "`Alias`: input type should be `string`, but a number came; "
        "`Offset`: input type should be `integer` from -9223372036854775808 to "
        "9223372036854775807, but a text of 3 characters came."
    )


def test_a_missing_parameter_comes_before_a_wrong_type() -> None:
    """The order of codes does not follow the order of parameters."""
    with pytest.raises(MissingParameter) as refused:
        decode({"Alias": 5, "CertId": "a"}, Submit)
    assert refused.value.detail == (
        "Further faults: `Alias`: input type should be `string`, but a number came."
    )


def test_the_first_wrong_type_is_told_whole_and_the_others_after_it() -> None:
    """Two sentences: the one for the subject, and the rest."""
    assert refusal(Alias=5, DnsNames=6).detail == (
        "Its input type should be `string`, but a number came. "
        "Further faults: `DnsNames`: input type should be `list`, but a number came."
    )


def test_the_list_of_faults_ends_somewhere() -> None:
    """A thousand unknown names do not make a message of a thousand names."""
    error = refusal(**{f"N{number}": 1 for number in range(1000)})
    assert error.subject == "N0"
    assert error.detail.endswith("`N50`: not recognized; and 949 more.")


# --- texts that people read --------------------------------------------------------------------


class Texts(Request):
    """A request with every kind of text."""

    name: str | None = None
    labels: list[Tag] | None = None
    phone: Stored[Hidden | None] = None
    secrets: list[Hidden] | None = None
    csr: Parsed | None = None
    key: HiddenParsed | None = None


def test_what_nobody_can_see_is_refused_by_parameter_rule_and_code_point() -> None:
    """At every depth, in the words of the action where it has words for that."""
    for error in (InvalidParameter, InvalidParam):
        with pytest.raises(error) as refused:
            decode(
                {"Labels": [{"TagKey": "a\u2800", "TagValue": "b"}], "Name": "\u3164"},
                Texts,
                unfit=error,
            )
        named = "Its text" if error is InvalidParameter else "Labels.0.TagKey:"
        assert refused.value.detail == (
            f"{named} must not contain invisible characters: U+2800. Further faults: `Name`: "
            "must not contain invisible characters: U+3164."
        )


def test_of_a_hidden_text_no_character_is_told() -> None:
    """The rule is, and the parameter."""
    with pytest.raises(InvalidParam) as refused:
        decode({"Phone": "1\u20602"}, Texts, unfit=InvalidParam)
    assert refused.value.detail == "Phone: must not contain invisible characters."


def test_a_text_that_has_a_parser_of_its_own_is_left_to_that() -> None:
    """PEM has lines, and a domain name has an error of its own."""
    read = decode({"Csr": "a\n\u00ad", "Key": "b\n\u2800"}, Texts)
    assert (read.csr, read.key) == ("a\n\u00ad", "b\n\u2800")


def test_hidden_texts_are_found_by_their_types() -> None:
    """Wherever they stand; an optional mark about coverage changes nothing."""
    hidden: dict[str, object] = {"Phone": "phone", "Secrets": ["secret", "word"], "Key": "a key"}
    read = decode({"Name": "name", "Csr": "a csr"} | hidden, Texts)
    assert set(hidden_in(read, 100)) == {"phone", "secret", "word", "a key"}
    assert set(hidden_in(read, 5)) == {"phone", "word", "a key"}


# --- what may be declared ----------------------------------------------------------------------


class Unbounded(Request):
    """A request whose author forgot which integers the wire has."""

    count: int


class Mixed(Request):
    """A request with a parameter of two types."""

    value: str | Unsigned


class Loose(Request):
    """A request with a parameter of any shape."""

    value: dict[str, str]


@pytest.mark.parametrize("request_type", [Unbounded, Mixed, Loose])
def test_a_type_that_the_wire_does_not_have_cannot_be_declared(
    request_type: type[Request],
) -> None:
    """The author of an action is told at the first test, not a client in production."""
    with pytest.raises(TypeError, match="a parameter is a str, an Unsigned"):
        decode({}, request_type)


class Marked(Request):
    """A request whose parameters say how far they are built."""

    years: Stored[Integer]
    voucher: Ignored[Integer | None] = None


def test_how_far_a_parameter_is_built_changes_nothing_about_its_values() -> None:
    """A stored or ignored parameter has the same type, and is as required, as without the mark."""
    assert decode({"Years": "2"}, Marked) == Marked(years=2)
    with pytest.raises(MissingParameter) as refused:
        decode({"Voucher": 1}, Marked)
    assert refused.value.subject == "Years"
    with pytest.raises(InvalidParameter) as refused_type:
        decode({"Years": 2, "Voucher": "x"}, Marked)
    assert refused_type.value.subject == "Voucher"


# --- anything at all ---------------------------------------------------------------------------

NAMES = st.text() | st.sampled_from(
    [name for kind in (Submit, Place, Tag) for name in kind.__struct_encode_fields__]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["", "2", "-1", "true", "False", "null"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_any_object_is_read_or_refused(parameters: dict[str, object]) -> None:
    """Nothing but the three refusals comes out."""
    with contextlib.suppress(UnknownParameter, MissingParameter, InvalidParameter):
        decode(GOOD | parameters, Submit)


SEEN = st.text("ab é漢.-")


@given(
    SEEN.filter(str.strip),
    st.lists(st.none() | st.just("") | SEEN.filter(str.strip)),
    st.integers(-(2**63), 2**63 - 1),
)
def test_what_is_read_is_what_was_sent(alias: str, names: list[str | None], offset: int) -> None:
    """No value is turned into another one on the way, and only absent ones are dropped."""
    request = submit(Alias=alias, DnsNames=names, Offset=offset, Ids=[str(offset)])
    assert request.alias == (alias or None)
    assert request.dns_names == [name for name in names if name]
    assert request.offset == offset
    assert submit(Offset=str(offset)) == submit(Offset=offset)


# --- how long a text or a list may be ----------------------------------------------------------


def test_a_text_and_a_list_have_bounds_where_their_types_name_none() -> None:
    """The longest is read, and one more is refused before anything looks into it."""
    assert submit(Alias="a" * TEXT_LIMIT).alias == "a" * TEXT_LIMIT
    assert refusal(Alias="a" * (TEXT_LIMIT + 1)).detail == (
        "Its length should be at most 4096 characters, but it has 4097."
    )
    assert submit(DnsNames=["a"] * LIST_LIMIT).dns_names == ["a"] * LIST_LIMIT
    assert refusal(DnsNames=[5] * (LIST_LIMIT + 1)).detail == (
        "Its length should be at most 1000 members, but it has 1001."
    )


def test_a_bound_is_refused_with_the_code_of_the_action() -> None:
    """Where the error's own sentence names no parameter, the detail does."""
    with pytest.raises(InvalidParam) as refused:
        decode({**GOOD, "DnsNames": ["a" * 5000]}, Submit, unfit=InvalidParam)
    assert refused.value.detail == (
        "DnsNames.0: length should be at most 4096 characters, but it has 5000."
    )


def test_many_faults_are_counted_and_not_worded() -> None:
    """Ten thousand wrong values cost no more than the fifty that are listed."""
    error = refusal(DnsNames=[5] * LIST_LIMIT, Tags=[{}] * LIST_LIMIT)
    assert error.detail.endswith("; and 2949 more.")
