"""The ways in which somebody may sign in, for the pages that offer them."""

from __future__ import annotations

from certdesk.catalog import Commit, catalog
from certdesk.domain.people.provider import Provider
from certdesk.engine import Context
from certdesk.operator.people.lookups import is_by_group, login_of_person, may_sign_in
from certdesk.operator.people.signing_in import ANYBODY
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request


class ProviderInfo(Part):
    """A provider: its name in addresses, and the text on its button."""

    name: str
    title: str


class LoginInfo(Part):
    """Another login of the same identity at a provider."""

    person_id: int
    login: str
    provider: str


class ListWaysRequest(Request):
    """Nothing: it is about who asks."""


class ListWaysReply(Reply):
    """Whether there is a password, an app and a passkey; the providers, and other logins there.

    `ByGroup` says that the login is of a group at a provider, and has no other way.
    For a stranger, the ways of everybody: nobody learns how another person signs in.
    """

    password: bool
    authenticator: bool
    passkey: bool
    providers: list[ProviderInfo]
    others: list[LoginInfo]
    by_group: bool


@catalog.action(internal=True, roles=ANYBODY)
def list_ways(context: Context, request: ListWaysRequest) -> Commit[ListWaysReply]:
    """List the ways in which the person in a session, or else anybody, may sign in."""
    del request
    number = context.caller.person
    providers = list(context.desk.sign_in_providers)

    def read(unit: Unit) -> ListWaysReply:
        if number is None:
            issuers = {each.issuer for each in providers}
        else:
            issuers = {each.issuer for each in unit.oidc_identities.where(person_id=number)}
        return ListWaysReply(
            password=number is None or unit.passwords.get(number) is not None,
            authenticator=number is None or unit.authenticators.get(number, True) is not None,
            passkey=number is None or unit.passkeys.count(person_id=number) > 0,
            providers=[
                ProviderInfo(name=each.name, title=each.shown)
                for each in providers
                if each.issuer in issuers
            ],
            by_group=number is not None and is_by_group(unit, number),
            others=[] if number is None else _others(unit, number, providers),
        )

    return read


def _others(unit: Unit, person_id: int, providers: list[Provider]) -> list[LoginInfo]:
    """Return the other logins that a person gets into with an identity of theirs."""
    names = {each.issuer: each.name for each in providers}
    found = []
    for own in unit.oidc_identities.where(person_id=person_id):
        for same in unit.oidc_identities.where(issuer=own.issuer, subject=own.subject):
            person = unit.people.get(same.person_id)
            if person is None or same.person_id == person_id or own.issuer not in names:
                continue
            if may_sign_in(unit, person):
                found.append(
                    LoginInfo(
                        person_id=same.person_id,
                        login=login_of_person(person),
                        provider=names[own.issuer],
                    )
                )
    return found
