from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.http.request import RequestInternal
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from certdesk.domain.errors import (
    InvalidParameter,
    ServiceError,
    SignatureFailure,
    UnknownParameter,
)
from certdesk.domain.values.secret import Secret
from certdesk.wire.forms import read_pairs, unflatten
from certdesk.wire.signature_v1 import COMMON, SignedForm, sign, string_to_sign, verify

# The worked example of the vendor's documentation ("Signature v1"), with the keys of its editions.
HOST = "cvm.tencentcloudapi.com"
EXAMPLE = {
    "Action": "DescribeInstances",
    "InstanceIds.0": "ins-09dx96dg",
    "Limit": "20",
    "Nonce": "11886",
    "Offset": "0",
    "Region": "ap-guangzhou",
    "Timestamp": "1465185768",
    "Version": "2017-03-12",
}
STARS = "*" * 32
VECTORS = {
    "example key": (
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        "HmacSHA1",
        "EliP9YW3pW28FpsEdkXt/+WcGeI=",
    ),
    "starred key": (
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******",
        "Gu5t9xGARNpq86cd98joQYCN3*******",
        "HmacSHA1",
        "zmmjn35mikh6pM3V7sUEuX4wyYM=",
    ),
    "stars": ("AKID" + STARS, STARS, "HmacSHA1", "7RAM2xfNMO9EiVTNmPg06MRnCvQ="),
    "stars, SHA-256": (
        "AKID" + STARS,
        STARS,
        "HmacSHA256",
        "Vm9H4MqhU3Xb+tk/aabIyMScEZDiXb2tRLQkm9ax180=",
    ),
}
vectors = pytest.mark.parametrize(
    ("secret_id", "secret_key", "method", "signature"), VECTORS.values(), ids=VECTORS.keys()
)

SECRET_KEY = Secret("2KqVxN0dHYcWmXk7rBfL1sTgPzQ9eJuA")
NAMES = st.from_regex(r"[A-Z][A-Za-z0-9]{0,8}(\.[0-9](\.[A-Z][a-z]{0,4})?)?", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# Nothing but what marks where a parameter ends, so that ambiguities are found if there are any.
MARKS = st.text("aB.0&=?/:", max_size=8)


def signed_form(parameters: dict[str, str], *, host: str = "127.0.0.1:8080") -> SignedForm:
    """Sign parameters by POST, with HmacSHA256."""
    parameters = parameters | {"SignatureMethod": "HmacSHA256"}
    text = string_to_sign("POST", host, parameters)
    signature = sign(text, SECRET_KEY, "HmacSHA256")
    return SignedForm(method="POST", host=host, parameters=parameters | {"Signature": signature})


def with_parameter(form: SignedForm, name: str, value: str) -> SignedForm:
    """Give a form with one parameter changed or added."""
    return dataclasses.replace(form, parameters={**form.parameters, name: value})


# --- the vendor's vectors ----------------------------------------------------------------------


def test_the_text_of_the_worked_example_is_the_published_one() -> None:
    """Sorted by name, nothing encoded, the signature left out."""
    text = string_to_sign("GET", HOST, EXAMPLE | {"SecretId": "AKIDexample", "Signature": "x"})
    assert text == (
        "GETcvm.tencentcloudapi.com/?Action=DescribeInstances&InstanceIds.0=ins-09dx96dg&Limit=20"
        "&Nonce=11886&Offset=0&Region=ap-guangzhou&SecretId=AKIDexample&Timestamp=1465185768"
        "&Version=2017-03-12"
    )


@vectors
def test_the_worked_example_is_signed_as_published(
    secret_id: str, secret_key: str, method: str, signature: str
) -> None:
    """Text and signature are those of the documentation."""
    text = string_to_sign("GET", HOST, EXAMPLE | {"SecretId": secret_id})
    assert sign(text, Secret(secret_key), method) == signature


@vectors
def test_the_worked_example_is_accepted_as_hmac_sha1(
    secret_id: str, secret_key: str, method: str, signature: str
) -> None:
    """Without a SignatureMethod, as in the example, the signature is HmacSHA1."""
    parameters = EXAMPLE | {"SecretId": secret_id, "Signature": signature}
    form = SignedForm(method="GET", host=HOST, parameters=parameters)
    if method == "HmacSHA1":
        verify(form, Secret(secret_key))
    else:
        with pytest.raises(SignatureFailure):
            verify(form, Secret(secret_key))


# --- what official clients send ----------------------------------------------------------------


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("method", ["HmacSHA1", "HmacSHA256"])
def test_what_the_python_client_signs_is_accepted(method: str, verb: str) -> None:
    """Lists, structures, blanks, other scripts, numbers and booleans, from the client itself."""
    profile = ClientProfile(
        signMethod=method,
        httpProfile=HttpProfile(endpoint="127.0.0.1:8080", reqMethod=verb),
    )
    client = AbstractClient(Credential("AKIDexample", SECRET_KEY.text()), "ap-x", profile)
    request = RequestInternal("127.0.0.1:8080", verb, "/", header={})
    parameters = {
        "CertCommonName": "a b+c%20=é 湖南省 😀",
        "DnsNames": ["a.example.com", "*.example.com"],
        "Tags": [{"TagKey": "team", "TagValue": "AT&T ="}],
        "DomainNum": 2,
        "UseCrossSignRoot": True,
    }
    client._build_req_with_old_signature("CreateCertificate", parameters, request, {})  # noqa: SLF001 - signs, and sends nothing
    read = read_pairs(request.data.encode())
    verify(SignedForm(method=verb, host="127.0.0.1:8080", parameters=read), SECRET_KEY)
    given = unflatten({name: value for name, value in read.items() if name not in COMMON})
    assert given == parameters | {"DomainNum": "2", "UseCrossSignRoot": "True"}


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("127.0.0.1", "127.0.0.1:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("desk.example.com", "Desk.Example.Com"),
        ("[::1]:8080", "[::1]:8080"),
    ],
)
def test_the_host_may_be_signed_as_each_client_signs_it(signed: str, sent: str) -> None:
    """As it is sent, without its port, or without its scheme."""
    verify(dataclasses.replace(signed_form(EXAMPLE, host=signed), host=sent), SECRET_KEY)


@given(st.dictionaries(NAMES, TEXTS.filter(lambda text: "&" not in text)))
def test_any_parameters_can_be_signed(parameters: dict[str, str]) -> None:
    """Whatever values hold, if it could not be a further parameter."""
    verify(signed_form(parameters), SECRET_KEY)


@pytest.mark.parametrize(
    "value", ["a=b", "==", "AT&T", "R&D = fun", "a&&b", "&", "a&", "&=", "?a=1", "a\nb", "é=漢"]
)
def test_a_value_may_hold_the_marks_that_part_parameters(value: str) -> None:
    """As long as they cannot part any here."""
    verify(signed_form({"Alias": value, "CertId": "LrmeMvQr"}), SECRET_KEY)


def test_an_empty_signature_method_is_hmac_sha1() -> None:
    """An empty text means absent; it is signed all the same."""
    parameters = EXAMPLE | {"SignatureMethod": ""}
    signature = sign(string_to_sign("GET", HOST, parameters), SECRET_KEY, "HmacSHA1")
    form = SignedForm(method="GET", host=HOST, parameters=parameters | {"Signature": signature})
    verify(form, SECRET_KEY)


def test_a_body_of_a_mebibyte_can_be_signed() -> None:
    """The largest that the scheme has."""
    verify(signed_form({"Csr": "x" * 2**20}), SECRET_KEY)


# --- forgeries ---------------------------------------------------------------------------------


FORM = signed_form({"CertId": "LrmeMvQr", "Tags.0.TagKey": "team", "Tags.1.TagKey": "a"})
CHANGES: dict[str, Callable[[SignedForm], SignedForm]] = {
    "method": lambda form: dataclasses.replace(form, method="GET"),
    "method in other letters": lambda form: dataclasses.replace(form, method="post"),
    "port": lambda form: dataclasses.replace(form, host="127.0.0.1:8081"),
    "dropped port": lambda form: dataclasses.replace(form, host="127.0.0.1"),
    "value": lambda form: with_parameter(form, "CertId", "LrmeMvQq"),
    "value in other letters": lambda form: with_parameter(form, "CertId", "lrmemvqr"),
    "value with a blank": lambda form: with_parameter(form, "CertId", "LrmeMvQr "),
    "another parameter": lambda form: with_parameter(form, "KeyPass", ""),
    "action": lambda form: with_parameter(form, "Action", "DeleteCertificate"),
    "weaker method": lambda form: with_parameter(form, "SignatureMethod", "HmacSHA1"),
    "no method": lambda form: with_parameter(form, "SignatureMethod", ""),
    "no signature": lambda form: with_parameter(form, "Signature", ""),
    "dropped parameter": lambda form: without(form, "Tags.1.TagKey"),
    "dropped signature": lambda form: without(form, "Signature"),
    "swapped values": lambda form: with_parameter(
        with_parameter(form, "Tags.0.TagKey", "a"), "Tags.1.TagKey", "team"
    ),
    "underscores for dots": lambda form: with_parameter(
        without(form, "Tags.0.TagKey"), "Tags_0_TagKey", "team"
    ),
}


def without(form: SignedForm, name: str) -> SignedForm:
    """Give a form with one parameter left out."""
    parameters = {other: value for other, value in form.parameters.items() if other != name}
    return dataclasses.replace(form, parameters=parameters)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_form_is_refused(change: Callable[[SignedForm], SignedForm]) -> None:
    """Everything that is sent is bound by the signature."""
    with pytest.raises(SignatureFailure):
        verify(change(FORM), SECRET_KEY)


@given(st.dictionaries(NAMES, TEXTS), st.dictionaries(NAMES, TEXTS))
def test_a_signature_is_good_for_one_set_of_parameters(
    parameters: dict[str, str], others: dict[str, str]
) -> None:
    """No other parameters may take the place of those that were signed."""
    form = signed_form(parameters)
    changed = signed_form(others)
    if changed.parameters != form.parameters:
        forged = with_parameter(changed, "Signature", form.parameters["Signature"])
        with pytest.raises(ServiceError):
            verify(forged, SECRET_KEY)


@given(parameters=st.dictionaries(NAMES, MARKS, max_size=4), data=st.data())
def test_of_all_ways_to_cut_a_signed_text_one_at_most_is_accepted(
    parameters: dict[str, str], data: st.DataObject
) -> None:
    """So nobody can make another request of one that the desk has accepted."""
    form = signed_form(parameters)
    forms = [form, cut_again(form, data), cut_again(form, data)]
    accepted = [each for each in forms if is_accepted(each)]
    assert all(each == accepted[0] for each in accepted)


def test_a_value_that_could_be_a_further_parameter_is_read_as_one() -> None:
    """The desk refuses the request whose text it is, and so cannot tell a copy that is cut."""
    form = signed_form({"A": "&B="})
    cut = with_parameter(with_parameter(form, "A", ""), "B", "")
    assert [is_accepted(form), is_accepted(cut)] == [False, True]


def is_accepted(form: SignedForm) -> bool:
    """Return whether a form is accepted as signed."""
    try:
        verify(form, SECRET_KEY)
    except ServiceError:
        return False
    return True


def cut_again(form: SignedForm, data: st.DataObject) -> SignedForm:
    """Cut the signed text at any places where a host, a pair or a name could end."""
    text = string_to_sign("", form.host, form.parameters)
    places = [place for place in range(len(text)) if text.startswith("/?", place)]
    place = data.draw(st.sampled_from(places), label="end of the host")
    first, *pieces = text[place + 2 :].split("&")
    pairs = [first]
    for piece in pieces:
        if data.draw(st.booleans(), label="one pair"):
            pairs[-1] += f"&{piece}"
        else:
            pairs.append(piece)
    parameters = {"Signature": form.parameters["Signature"]}
    for pair in pairs:
        ends = [index for index, mark in enumerate(pair) if mark == "="] or [len(pair)]
        end = data.draw(st.sampled_from(ends), label="end of a name")
        parameters[pair[:end]] = pair[end + 1 :]
    return dataclasses.replace(form, host=text[:place], parameters=parameters)


@pytest.mark.parametrize("value", ["1&ProjectId=5", "a&b.0=", "a&b_c=d", "&&a=b", "a&0="])
def test_a_value_that_could_be_a_further_parameter_is_refused_by_name(value: str) -> None:
    """The text says what to sign it with, and nothing of the value, which may be secret."""
    with pytest.raises(InvalidParameter) as refusal:
        verify(signed_form({"Alias": value}), SECRET_KEY)
    assert refusal.value.message.startswith("The value type of parameter `Alias` is not valid.")
    assert "TC3-HMAC-SHA256" in refusal.value.message
    assert value not in refusal.value.message


@pytest.mark.parametrize(
    "host", ["desk/?A=1", "desk?", "desk/", "http://", "a b", "", "http://a/b"]
)
def test_a_host_in_which_parameters_could_stand_is_refused(host: str) -> None:
    """Signed or not: the text could also be that of a request to a shorter host."""
    with pytest.raises(SignatureFailure):
        verify(signed_form(EXAMPLE, host=host), SECRET_KEY)


@pytest.mark.parametrize("name", ["", "$schema", "A=b", "A&b", "A b", "漢", "A-b"])
def test_a_name_that_no_parameter_has_is_unknown(name: str) -> None:
    """Names are letters, digits, dots and underscores; no more is needed to refuse others."""
    with pytest.raises(UnknownParameter) as refusal:
        verify(signed_form({name: "x"}), SECRET_KEY)
    assert refusal.value.message == f"The parameter `{name}` is not recognized."


@pytest.mark.parametrize("method", ["HmacMD5", "hmacsha1", "HmacSHA512", "TC3-HMAC-SHA256", "None"])
def test_another_method_is_refused(method: str) -> None:
    """There are two, in this spelling."""
    with pytest.raises(InvalidParameter, match="`HmacSHA1` or `HmacSHA256`"):
        verify(with_parameter(FORM, "SignatureMethod", method), SECRET_KEY)


@pytest.mark.parametrize(
    "other",
    [
        lambda text: text.rstrip("="),
        lambda text: text + "=",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.replace("+", " "),
        lambda text: text.replace("+", "-").replace("/", "_"),
        # The last digit has two bits that no byte of the signature is made of.
        lambda text: text[:-2] + chr(ord(text[-2]) + 1) + "=",
    ],
)
def test_a_signature_has_one_spelling(other: Callable[[str], str]) -> None:
    """A copy of it is known again whatever was tried."""
    signature = FORM.parameters["Signature"]
    spelt = other(signature)
    if spelt != signature:
        with pytest.raises(SignatureFailure):
            verify(with_parameter(FORM, "Signature", spelt), SECRET_KEY)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_a_form(raw: bytes) -> None:
    """Nothing but a refusal comes of what nobody signed."""
    with pytest.raises(ServiceError):
        verify(SignedForm(method="POST", host="desk", parameters=read_pairs(raw)), SECRET_KEY)


def test_another_key_is_refused() -> None:
    """Only the holder of the key can sign."""
    with pytest.raises(SignatureFailure):
        verify(FORM, Secret("2KqVxN0dHYcWmXk7rBfL1sTgPzQ9eJuB"))


def test_a_form_is_not_printed() -> None:
    """It holds the signature, and secrets and personal data."""
    assert "LrmeMvQr" not in repr(FORM)
