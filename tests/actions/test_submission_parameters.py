"""CertificateInfoSubmit, each parameter by itself: presence, type, values."""

from __future__ import annotations

import pytest

from tests.actions.submitting import (
    ADMIN,
    COMPANY,
    IDENTITY,
    ORGANISATION,
    PERSONAL,
    TECH,
    invalid,
    refused,
)
from tests.running import Client

REQUIRED = ["CertId", "GenCsrType", "CertCommonName", "CompanyType", "CompanyId"]

# All 42 of the page, each with a value of another type than its own.
OF_ANOTHER_TYPE: dict[str, object] = {
    **dict.fromkeys(["CertId", "GenCsrType", "CertCommonName", "CompanyId", "ManagerId"], 25),
    **dict.fromkeys([*ORGANISATION, *ADMIN, *TECH, *IDENTITY], 25),
    **dict.fromkeys(["Csr", "KeyPass", "VerifyType", "ContactEmail", "TechEmail"], 25),
    **dict.fromkeys(["CsrKeyParameter", "CsrEncryptAlgo", "CaType", "SignAlgo"], 2048),
    **dict.fromkeys(["CompanyType", "AutoRenewFlag", "Type"], "two"),
    "DnsNames": "www.example.com",
    "UseCrossSignRoot": "perhaps",
}


# --- presence -----------------------------------------------------------------------------------


@pytest.mark.parametrize("absent", [None, ""], ids=["left out", "empty"])
@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_parameter_that_is_absent_is_missing(
    client: Client, name: str, absent: str | None
) -> None:
    """Five are needed always, and an empty one is none."""
    changes: dict[str, object] = dict(PERSONAL) | {"CertId": "aaaaaaaa", name: absent}
    assert refused(client, "", **changes) == (
        "MissingParameter",
        f"The request is missing a required parameter `{name}`.",
    )


def test_all_that_is_missing_is_named(client: Client) -> None:
    """One round trip is enough to learn of all five."""
    code, message = refused(client, "", **dict.fromkeys(PERSONAL), CertId=None)
    assert code == "MissingParameter"
    assert message.startswith("The request is missing a required parameter `CertId`.")
    assert [name for name in REQUIRED if f"`{name}`" in message] == REQUIRED


def test_empty_optional_parameters_are_absent(client: Client, order: str) -> None:
    """The page's own examples send `""` for what they do not use."""
    empty = [name for name in OF_ANOTHER_TYPE if name not in PERSONAL | {"CertId": ""}]
    client.submit(order, **dict.fromkeys(empty, ""))
    shown = client.detail(order)["SubmittedData"]
    given = {"CsrType", "CertificateDomain", "DomainList", "ContactEmail"}
    assert {name for name, value in shown.items() if value != ""} == given


def test_what_an_online_key_needs_is_named(client: Client, order: str) -> None:
    """The parameter is needed with `online`; the algorithm has a default."""
    wanted = invalid("CsrKeyParameter: needed when GenCsrType is online.")
    assert refused(client, order, CsrKeyParameter=None) == wanted
    assert refused(client, order, CsrKeyParameter=None, CsrEncryptAlgo=None) == wanted


def test_a_csr_that_is_parsed_is_needed(client: Client, order: str) -> None:
    """With `parse`, and with `""` for it as well."""
    wanted = invalid("Csr: needed when GenCsrType is parse.")
    assert refused(client, order, GenCsrType="parse") == wanted
    assert refused(client, order, GenCsrType="parse", Csr="") == wanted


# --- types --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_ANOTHER_TYPE)
def test_a_value_of_another_type_is_refused_with_the_parameters_name(
    client: Client, order: str, name: str
) -> None:
    """Above all a number for a text: identifiers are texts here, and numbers elsewhere."""
    code, message = refused(client, order, **{name: OF_ANOTHER_TYPE[name]})
    assert code == "InvalidParameter"
    assert message.startswith(f"The value type of parameter `{name}` is not valid.")


def test_the_page_has_forty_two_parameters() -> None:
    """The table above has them all."""
    assert len(OF_ANOTHER_TYPE) == 42


def test_numbers_and_truth_values_may_come_as_text(client: Client, order: str) -> None:
    """The page's examples send `"2"` for CompanyType, and forms have nothing but text."""
    client.submit(order, CompanyType="1", AutoRenewFlag="1", Type="25", UseCrossSignRoot="True")
    shown = client.detail(order)
    assert shown["CertificateExtra"]["CompanyType"] == 1
    assert shown["UseCrossSignRoot"] is True


@pytest.mark.parametrize("flag", [-1, 1.5, True, [1]])
def test_a_number_outside_its_type_is_refused(client: Client, order: str, flag: object) -> None:
    """AutoRenewFlag is a whole number that is not negative."""
    code, message = refused(client, order, AutoRenewFlag=flag)
    assert code == "InvalidParameter"
    assert "`AutoRenewFlag`" in message


@pytest.mark.parametrize("name", ["Comment", "certId", "CertificateId", "Csrs"])
def test_an_unknown_parameter_is_refused(client: Client, order: str, name: str) -> None:
    """Names are matched exactly, so a slip of the pen is not passed over."""
    assert refused(client, order, **{name: "x"}) == (
        "UnknownParameter",
        f"The parameter `{name}` is not recognized.",
    )


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("GenCsrType", "parsed", "must be online or parse"),
        ("GenCsrType", "Online", "must be online or parse"),
        ("VerifyType", "FILES", "must be DNS or DNS_AUTO or FILE"),
        ("VerifyType", "dns", "must be DNS or DNS_AUTO or FILE"),
        ("SignAlgo", "SHA1", "must be SHA256 or SHA384 or SHA512"),
        ("SignAlgo", "sha256", "must be SHA256 or SHA384 or SHA512"),
        ("OrgIdType", "SFZ", "must be TYDMZ or OTHERS"),
        ("AdminIdType", "TYDMZ", "must be SFZ or HZ"),
        ("TechIdType", "OTHERS", "must be SFZ or HZ"),
        ("CompanyType", 0, "must be 1 (personal) or 2 (company)"),
        ("CompanyType", 3, "must be 1 (personal) or 2 (company)"),
        ("AutoRenewFlag", 2, "must be 0 or 1"),
        ("CompanyId", "none", "must be a number, or 0 for none"),
        ("CompanyId", "-1", "must be a number, or 0 for none"),
        ("CompanyId", " 1", "must be a number, or 0 for none"),
        ("CompanyId", "١", "must be a number, or 0 for none"),
        ("ManagerId", "1,2", "must be a number, or 0 for none"),
    ],
)
def test_a_value_that_is_not_among_the_choices_is_refused_and_shown(
    client: Client, order: str, name: str, value: object, rule: str
) -> None:
    """The detail names parameter, rule and value."""
    got = f'"{value}"' if isinstance(value, str) else value
    assert refused(client, order, **{name: value}) == invalid(f"{name}: {rule}; got {got}.")


@pytest.mark.parametrize("name", ["GenCsrType", "VerifyType", "SignAlgo", "CompanyId", "CaType"])
def test_a_word_that_is_near_to_no_choice_is_refused_and_not_shown(
    client: Client, order: str, name: str
) -> None:
    """It may be a pass phrase."""
    _, message = refused(client, order, **{name: "letmein"})
    assert f"{name}: " in message
    assert message.endswith("; got a text of 7 characters.")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("VerifyType", ["DNS", "FILE"]),
        ("SignAlgo", ["SHA256", "SHA384", "SHA512"]),
        ("AutoRenewFlag", [0, 1]),
        ("UseCrossSignRoot", [True, False]),
    ],
)
def test_a_value_among_the_choices_is_taken(
    client: Client, order: str, name: str, values: list[object]
) -> None:
    """One after the other, for the same order."""
    for value in values:
        client.submit(order, **{name: value})


def test_automatic_dns_is_refused_with_the_reason(client: Client, order: str) -> None:
    """The desk may write no records in any zone of the account."""
    assert refused(client, order, VerifyType="DNS_AUTO") == invalid(
        "VerifyType: DNS_AUTO needs a DNS zone of the account that the desk may change, and "
        "no such zone contains example.com. Use DNS, or have the operator add the zone "
        "(certdesk zone add)."
    )


@pytest.mark.parametrize("given", ["1", "p" * 32, "  ", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"])
def test_a_pass_phrase_of_printable_characters_is_taken(
    client: Client, order: str, given: str
) -> None:
    """From 1 to 32 of them, blanks and signs included."""
    client.submit(order, KeyPass=given)
    assert client.detail(order)["SubmittedData"]["KeyPassword"] == ""


@pytest.mark.parametrize("given", ["p" * 33, "pässword", "pass\nword", "pass\x7fword", "密码"])
def test_another_pass_phrase_is_refused_and_not_repeated(
    client: Client, order: str, given: str
) -> None:
    """A PFX or JKS file's pass phrase has to be typed on any keyboard."""
    assert refused(client, order, KeyPass=given) == invalid(
        "KeyPass: takes 1 to 32 printable ASCII characters."
    )


@pytest.mark.parametrize("name", ["AdminEmail", "TechEmail", "ContactEmail"])
@pytest.mark.parametrize("given", ["nobody", "a@b@example.com", "a@", "a b@example.com", "a@x_y"])
def test_what_is_no_mailbox_is_refused(client: Client, order: str, name: str, given: str) -> None:
    """All three addresses, in the words of the library that reads them."""
    code, message = refused(client, order, **COMPANY | {name: given})
    assert code == "FailedOperation.InvalidParam"
    assert message.startswith(f"Incorrect parameters. {name}: is not an e-mail address: ")


def test_a_mailbox_in_another_script_is_taken(client: Client, order: str) -> None:
    """RFC 6531 allows it, and the domain is not asked for."""
    client.submit(order, ContactEmail="用户@例子.广告")
    assert client.detail(order)["SubmittedData"]["ContactEmail"] == "用户@例子.广告"


@pytest.mark.parametrize(
    ("name", "longest"),
    [
        ("OrgOrganization", 64),
        ("OrgDivision", 64),
        ("OrgAddress", 256),
        ("OrgCity", 128),
        ("OrgRegion", 128),
        ("OrgPhoneArea", 8),
        ("OrgPhoneNumber", 32),
        ("OrgIdNumber", 32),
        ("AdminFirstName", 64),
        ("AdminLastName", 64),
        ("AdminTitle", 64),
        ("AdminPhone", 32),
        ("AdminIdNumber", 32),
        ("TechFirstName", 64),
        ("TechLastName", 64),
        ("TechTitle", 64),
        ("TechPhone", 32),
        ("TechIdNumber", 32),
    ],
)
def test_a_text_has_a_greatest_length(client: Client, order: str, name: str, longest: int) -> None:
    """The upper bounds of X.520 where it may enter a subject."""
    client.submit(order, **COMPANY | {name: "9" * longest})
    code, message = refused(client, order, **COMPANY | {name: "9" * (longest + 1)})
    assert code == "FailedOperation.InvalidParam"
    assert f"{name}: takes at most {longest} characters, not {longest + 1}" in message


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("Example\nTrading", "must not contain control characters"),
        ("Example\x1b[31m", "must not contain control characters"),
        ("Example \u202egnidarT", "must not contain control characters"),
        ("...", "must contain more than dots, dashes and blanks"),
        (" - ", "must contain more than dots, dashes and blanks"),
    ],
)
@pytest.mark.parametrize("name", ["OrgOrganization", "OrgAddress", "AdminLastName", "TechTitle"])
def test_a_text_that_misleads_is_refused(
    client: Client, order: str, name: str, given: str, rule: str
) -> None:
    """Control characters, marks that turn the reading direction, and mere punctuation."""
    code, message = refused(client, order, **COMPANY | {name: given})
    assert code == "FailedOperation.InvalidParam"
    assert message.startswith(f"Incorrect parameters. {name}: {rule}")
    assert message.isprintable()


@pytest.mark.parametrize("given", ["CN", "cn", "China", "DE", "us"])
def test_a_country_code_is_taken_in_any_case(client: Client, order: str, given: str) -> None:
    """And `China`, which the vendor's example of DescribeCompanies shows."""
    client.submit(order, **COMPANY | {"OrgCountry": given})
    assert client.detail(order)["SubmittedData"]["OrganizationCountry"] == given


@pytest.mark.parametrize("given", ["XX", "CHN", "Germany", "C", "86"])
def test_what_is_no_country_code_is_refused(client: Client, order: str, given: str) -> None:
    """A certificate's subject takes ISO 3166 alpha-2 and nothing else."""
    assert refused(client, order, **COMPANY | {"OrgCountry": given}) == invalid(
        f'OrgCountry: must be two letters of ISO 3166, such as CN; got "{given}".'
    )
