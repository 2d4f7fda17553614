"""Texts of the console's people, as the search for a person finds them."""

from __future__ import annotations

from pathlib import Path

from tests.inside import InsideDesk
from tests.signing_in import PASSWORD, Browser, invited

ADDRESS = "tom@example.com"


def test_a_browser_that_names_a_person_is_found_and_reworded(tmp_path: Path) -> None:
    """Its session is named by the id that its person's own page has."""
    with InsideDesk(tmp_path) as desk:
        browser = Browser(desk)
        token = invited(desk, "ada")
        browser.run("AcceptInvitation", Token=token, Password=PASSWORD, Agent=f"of {ADDRESS}")
        browser.set_up_app()
        (own,) = browser.run("ListSessions")["Sessions"]
        wanted = {"By": "email", "Value": ADDRESS}
        (text,) = desk.operator("ExportPerson", **wanted)["Texts"]
        assert text["Record"] == f"session:{own['SessionId']}"
        assert desk.operator("ErasePerson", **wanted)["Erased"]
        (left,) = browser.run("ListSessions")["Sessions"]
        assert ADDRESS not in left["Agent"]
