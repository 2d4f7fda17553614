"""The people who sign in: the staff, the users of an account, and the form to invite somebody."""

from __future__ import annotations

from certdesk.domain.errors import AccountNotFound
from certdesk.domain.people.role import AUDITORS, OPERATORS, Role
from certdesk.web.console.page import Access, Page, Shown
from certdesk.web.console.problems import problems_of
from certdesk.web.console.visit import Visit

PATH = "/people"
INVITE = "/people/invite"
ROLES = {
    Role.REVIEWER: "reviewer: vets companies and orders",
    Role.AUDITOR: "auditor: sees, and changes nothing",
    Role.OPERATOR: "operator: may do everything",
    Role.USER: "user of an account: may do what the policies of the user allow",
}


def show(visit: Visit) -> Shown:
    """List the staff, or the users of an account who may sign in."""
    uin = visit.query.text("Uin")
    try:
        people = visit.run("ListPeople", Uin=uin).people
    except AccountNotFound as error:
        visit.problem = problems_of(error, visit.query)
        people = []
    people.sort(key=lambda each: (each.ended, not each.enabled))
    return Shown("People", people=people, uin=uin, may_change=visit.visitor.role in OPERATORS)


def show_form(visit: Visit) -> Shown:
    """Show the form to invite somebody."""
    wanted = {name: visit.query.text(name) for name in ("Role", "Name", "Uin")}
    return Shown("Invite somebody", template="invite.html", roles=ROLES, wanted=wanted)


def invite(visit: Visit) -> Shown:
    """Invite somebody, and show the link this once."""
    name, role = visit.form.text("Name"), visit.form.text("Role")
    if role == Role.USER:
        made = visit.run("InviteUser", Name=name, Uin=visit.form.text("Uin"))
    else:
        made = visit.run("InviteStaff", Name=name, Role=role)
    link = f"{visit.asked.origin.text}/console/invitation/{made.token}"
    return Shown("The link of the invitation", template="invited.html", made=made, link=link)


PAGES = (
    Page(PATH, show, roles=AUDITORS, menu="People"),
    Page(INVITE, show_form, invite, access=Access.PROVED, roles=OPERATORS),
)
