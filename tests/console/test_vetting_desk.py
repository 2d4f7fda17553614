"""The vetting desk in the console: who sees what, who decides, and about what."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from certdesk.domain.orders.advice import QUESTION_ASKED
from tests.acceptance.processes import NO_RSA_STOCK
from tests.console.browsers import watch
from tests.console.desks import console_in
from tests.console.vetting_office import EV, OV, File, VettingOffice, page_of, send_files
from tests.console.visitor import Visitor
from tests.console.walk import enter
from tests.papers import PDF
from tests.postgres import Cluster

SETTINGS = f"{NO_RSA_STOCK}[vetting]\nfour_eyes = true\nletter_products = [{EV}]\n"
NAUGHTY = "<script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VettingOffice]:
    """A desk where an EV order needs a letter and two people, and an account that orders."""
    with console_in(tmp_path_factory.mktemp("vetting"), SETTINGS) as console:
        yield VettingOffice(console)


@pytest.fixture(scope="module")
def reviewer(office: VettingOffice) -> Visitor:
    """One reviewer."""
    return office.reviewer()[1]


@pytest.fixture(scope="module")
def other(office: VettingOffice) -> Visitor:
    """Another one."""
    return office.reviewer()[1]


@pytest.fixture(scope="module")
def applicant(office: VettingOffice) -> Visitor:
    """A user of the account who may do everything there."""
    return office.applicant()[1]


def ev_order(office: VettingOffice) -> str:
    """Have an EV order with its letter wait for two people."""
    order = office.order(EV)
    office.send_letter(order)
    return order


def ask(reviewer: Visitor, order: str, question: str = "Who signs?") -> None:
    """Ask the applicant about an order."""
    asked = reviewer.submit(page_of(order), "/ask", Question=question)
    assert "The applicant was asked." in asked.words


def question_of(applicant: Visitor, order: str) -> str:
    """Return the path of the newest question, which is about an order."""
    listed = applicant.open("/console/questions")
    assert order in listed.words
    return str(re.findall(r"/console/questions/\w+", listed.html)[0])


# --- what waits ----------------------------------------------------------------------------------


def test_a_reviewer_finds_what_waits_and_all_that_it_needs(
    office: VettingOffice, reviewer: Visitor
) -> None:
    """The queue leads to a page with company, people in full, names, letter and checklist."""
    order = ev_order(office)
    queue = reviewer.open("/console/reviews")
    assert page_of(order) in queue.links.values()
    assert "with a letter" in queue.words
    by_age = reviewer.open("/console/reviews?order=age").words
    assert "waited longest is first" in by_age
    assert "Previous page" in reviewer.open("/console/reviews?page=2").words
    page = reviewer.open(page_of(order))
    for word in (
        "Example Trading Ltd",
        "020-62345678",
        "Ann",
        "Lee",
        "EVG 3.2.2.2",
        "Company: Example",
    ):
        assert word in page.words
    assert "Two people have to approve it. Nobody has so far." in page.words
    assert "Registration number not given" in page.words
    assert "It is an EV order, and the company has no registration number." in page.words
    assert f"Account {office.keys.uin}" in page.words
    assert "Manager Ann Lee" in reviewer.open(page.links["Review of the manager"]).words


def test_each_look_is_in_the_audit_log(office: VettingOffice) -> None:
    """With the login of whoever looked."""
    order = ev_order(office)
    login, visitor = office.reviewer()
    visitor.open(page_of(order))
    happened = office.desk.operate("ShowOrder", CertificateId=order)["Happenings"]
    looks = [each["Detail"] for each in happened if each["What"] == "ShowReview"]
    assert [login.name in look for look in looks] == [True]


def test_a_letter_is_saved_and_never_shown(office: VettingOffice, reviewer: Visitor) -> None:
    """A browser gets it as an attachment that runs and loads nothing; so are attached files."""
    order = ev_order(office)
    added = send_files(
        reviewer, page_of(order), "/store", File("File", "../x%22; filename=y.html", PDF)
    )
    assert added.status == 303
    links = reviewer.open(page_of(order)).links
    (attached,) = (path for path in links.values() if "/files/" in path)
    for path, name in ((page_of(order, "/letter"), f"letter-order_{order}.pdf"), (attached, "x")):
        read = reviewer.get(path)
        assert (read.status, read.content) == (200, PDF)
        disposition = read.headers["Content-Disposition"]
        assert disposition.startswith(f'attachment; filename="{name}')
        assert disposition.count('"') == 2
        assert disposition.endswith('.pdf"')
        assert read.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in read.headers["Content-Security-Policy"]


@pytest.mark.parametrize("content", [b"<html>" * 500, PDF[:-20], b""])
def test_a_file_that_is_none_is_refused_beside_its_field(
    office: VettingOffice, reviewer: Visitor, content: bytes
) -> None:
    """Nothing is kept."""
    order = ev_order(office)
    refused = send_files(reviewer, page_of(order), "/store", File("File", "a.pdf", content))
    assert refused.status == 422
    assert "/files/" not in reviewer.open(page_of(order)).html


# --- who decides, and about what -----------------------------------------------------------------


def test_two_reviewers_approve_an_ev_order_and_one_is_not_two(
    office: VettingOffice, reviewer: Visitor, other: Visitor
) -> None:
    """Whoever has approved sees no button, and a forged form is refused."""
    order = ev_order(office)
    approved = reviewer.submit(page_of(order), "/approve", Without="1")
    assert "Your approval is stored. A second person has to approve it, too." in approved.words
    assert office.stands(order) == "CA-REVIEWING"
    page = reviewer.open(page_of(order))
    assert "You have approved it. A second person has to approve it, too." in page.words
    assert not [form for form in page.forms if form.action.endswith("/approve")]
    reject = next(form for form in page.forms if form.action.endswith("/reject"))
    again = reviewer.post(page_of(order, "/approve"), reject.fields | {"Without": "1"})
    assert (again.status, "a second person must" in again.words) == (422, True)
    assert office.stands(order) == "CA-REVIEWING"
    other.submit(page_of(order), "/approve", Without="1")
    assert office.stands(order) == "PENDING-DCV"


def test_a_decision_is_about_what_the_page_showed(
    office: VettingOffice, reviewer: Visitor, applicant: Visitor
) -> None:
    """The answer came after the page was opened: the page says so, and nothing is decided."""
    order = ev_order(office)
    ask(reviewer, order)
    page = reviewer.open(page_of(order))
    applicant.submit(question_of(applicant, order), Answer="The director.")
    for action, more in (("/approve", {}), ("/reject", {"Reason": "no"})):
        form = next(form for form in page.forms if form.action.endswith(action))
        refused = reviewer.post(form.action, form.fields | more | {"Items": "names-fit"})
        assert refused.status == 409
        again = next(form for form in refused.forms if form.action.endswith(action))
        assert again.fields["Items"] == "names-fit"
        assert "This changed since you opened it" in refused.words
        if action == "/approve":
            assert "opened it: the questions and answers. Read it again" in refused.words
    assert office.stands(order) == "LEGAL-REVIEWING"
    # What was ticked stays on the page, and is not stored: it was about the page of before.
    assert "Ticked by" not in reviewer.open(page_of(order)).words
    reviewer.submit(page_of(order), "/approve", Without="1")
    assert office.stands(order) == "CA-REVIEWING"


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("/approve", {"Without": "1"}),
        ("/reject", {"Reason": "no"}),
        ("/ask", {"Question": "Why?"}),
    ],
)
def test_a_decision_without_the_digest_of_what_was_seen_is_refused(
    office: VettingOffice, other: Visitor, action: str, more: dict[str, str]
) -> None:
    """A person of the console sends what the page has shown, even if nothing has changed since."""
    order = ev_order(office)
    refused = other.send(page_of(order), action, Attempt="", **more)
    assert (refused.status, "Open the review, and decide there" in refused.words) == (422, True)
    assert office.stands(order) == "LEGAL-REVIEWING"


def test_a_rejection_has_a_reason_that_the_applicant_reads(
    office: VettingOffice, reviewer: Visitor
) -> None:
    """Without one the form is shown again."""
    order = ev_order(office)
    refused = reviewer.send(page_of(order), "/reject", Reason=" ")
    assert (refused.status, "Something is missing here" in refused.words) == (422, True)
    reviewer.submit(page_of(order), "/reject", Reason="The company does not know of it.")
    assert office.stands(order) == "The company does not know of it."


def test_whoever_took_part_does_not_approve_with_another_login(
    office: VettingOffice, reviewer: Visitor
) -> None:
    """The operator has linked both; the page says why there is no button."""
    order = ev_order(office)
    ask(reviewer, order)
    user, applicant = office.applicant()
    login, linked = office.reviewer()
    assert "/approve" in linked.open(page_of(order)).html
    applicant.submit(question_of(applicant, order), Answer="I do.")
    office.desk.operate("LinkPerson", Login=login.name, Other=user.name)
    page = linked.open(page_of(order))
    assert "requested it, so another person must approve it" in page.words
    assert not [form for form in page.forms if form.action.endswith("/approve")]


# --- nothing is lost -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("/store", {}),
        ("/ask", {"Question": "Who signs?"}),
        ("/approve", {"Without": "1"}),
        ("/reject", {"Reason": "no"}),
    ],
)
def test_every_button_stores_ticks_note_and_file(
    office: VettingOffice, reviewer: Visitor, other: Visitor, action: str, more: dict[str, str]
) -> None:
    """Whatever is pressed: another reviewer finds all three."""
    order = ev_order(office)
    typed = {"Note": "called at noon", "Items": "names-fit", **more}
    attempt = next(
        each for each in reviewer.open(page_of(order)).forms if each.action[-6:] == "/store"
    )
    typed["Attempt"] = attempt.fields["Attempt"]
    sent = send_files(reviewer, page_of(order), action, File("File", "register.pdf"), **typed)
    assert sent.status == 303
    page = other.open(page_of(order)).words
    assert ("called at noon" in page, "register.pdf" in page) == (True, True)
    assert page.count("Ticked by reviewer-") == 1


def test_an_approval_without_all_ticks_is_meant(
    office: VettingOffice, reviewer: Visitor, other: Visitor
) -> None:
    """A box says so; what was ticked is stored. The second person reads what the first ticked."""
    order = ev_order(office)
    refused = reviewer.send(page_of(order), "/approve", Items="names-fit", Note="called")
    assert (refused.status, "10 items are not ticked" in refused.words) == (422, True)
    assert office.stands(order) == "LEGAL-REVIEWING"
    again = next(form for form in refused.forms if form.action.endswith("/approve"))
    assert again.fields["Items"] == "names-fit"
    assert again.fields["Note"] == ""
    assert reviewer.post(again.action, again.fields | {"Without": "1"}).status == 303
    words = other.open(page_of(order)).words
    assert "UTC and has ticked 1 of 11 items of the checklist." in words
    assert words.count("called") == 1


@pytest.mark.parametrize(("action", "typed"), [("/approve", "Question"), ("/ask", "Reason")])
def test_a_text_that_the_button_does_not_send_stays(
    office: VettingOffice, reviewer: Visitor, action: str, typed: str
) -> None:
    """Nothing is decided or asked, and the text is in its field."""
    order = ev_order(office)
    fields = {"Question": "Who?", "Reason": "why"} if action == "/ask" else {typed: "Who?"}
    kept = reviewer.send(page_of(order), action, Without="1", **fields)
    assert (kept.status, "Not sent yet. Press" in kept.words) == (422, True)
    assert fields[typed] in kept.html
    assert office.stands(order) == "LEGAL-REVIEWING"


# --- questions -----------------------------------------------------------------------------------


def test_an_applicant_is_asked_and_answers_with_files(
    office: VettingOffice, reviewer: Visitor, applicant: Visitor
) -> None:
    """The API says so meanwhile; then the queue has it as answered."""
    order = ev_order(office)
    ask(reviewer, order, "Who signs?\nAnd since when?")
    assert office.stands(order) == QUESTION_ASKED
    path = question_of(applicant, order)
    bad = send_files(
        applicant, path, "", File("Files", "a.gif", b"GIF89a" * 400), Answer="see file"
    )
    assert (bad.status, "see file" in bad.html, "the file is" in bad.words) == (422, True, True)
    done = send_files(applicant, path, "", File("Files", "sign.pdf"), Answer="The director.")
    assert done.location.endswith("said=answered")
    assert office.stands(order) == "LEGAL-REVIEWING"
    assert "The applicant has answered" in reviewer.open("/console/reviews").words
    # The start has it among the answered ones only, not once more among those that wait.
    assert reviewer.open("/console/").html.count(page_of(order)) == 1
    page = reviewer.open(page_of(order))
    assert "The director." in page.words
    assert "sign.pdf" in page.words


def test_what_reviewers_write_for_themselves_stays_theirs(
    office: VettingOffice, reviewer: Visitor, other: Visitor, applicant: Visitor
) -> None:
    """Another reviewer reads note and ticks; the applicant nothing of them."""
    order = ev_order(office)
    ask(reviewer, order)
    reviewer.submit(page_of(order), "/store", Note="called at noon")
    reviewer.submit(page_of(order), "/store", Items="names-fit")
    page = other.open(page_of(order))
    assert "called at noon" in page.words
    assert "Ticked by reviewer-" in page.words
    asked = (
        applicant.open(question_of(applicant, order)).words
        + applicant.open("/console/questions").words
    )
    assert "called at noon" not in asked
    assert "reviewer-" not in asked


def test_questions_of_others_are_missing(office: VettingOffice, reviewer: Visitor) -> None:
    """Of another account, and where no policy allows what is asked about."""
    order = ev_order(office)
    ask(reviewer, order)
    _, owner = office.applicant("ssl:CertificateInfoSubmit")
    path = question_of(owner, order)
    _, bound = office.applicant("ssl:DescribeCertificates")
    stranger = office.console.somebody("user")
    for visitor in (bound, stranger):
        assert order not in visitor.open("/console/questions").words
        assert visitor.get(path).status == 404
        token = visitor.token("/console/questions")
        refused = visitor.post(path, {"FormToken": token, "Answer": "mine"})
        assert refused.status in (404, 422)
    assert "mine" not in reviewer.open(page_of(order)).words


# --- roles and texts -----------------------------------------------------------------------------


def test_an_auditor_reads_and_changes_nothing(office: VettingOffice, reviewer: Visitor) -> None:
    """Masked numbers, no forms but the search, and no letter; a forged form is refused."""
    order = ev_order(office)
    reviewer.submit(page_of(order), "/store", Note="called 020-62345678")
    auditor = office.console.somebody("auditor")
    page = auditor.open(page_of(order))
    assert "020-62345678" not in page.words
    assert "02********78" in page.words
    assert [form.action for form in page.forms if "/reviews/" in form.action] == []
    token = auditor.token("/console/reviews")
    for part in ("/approve", "/reject", "/ask", "/store"):
        refused = auditor.post(page_of(order, part), {"FormToken": token, "Reason": "x"})
        assert refused.status == 403
    assert auditor.get(page_of(order, "/letter")).status == 403


def test_a_user_does_not_reach_the_desk_and_a_reviewer_answers_for_nobody(
    office: VettingOffice, reviewer: Visitor, applicant: Visitor
) -> None:
    """Neither the pages nor the files."""
    order = ev_order(office)
    for path in (
        "/console/reviews",
        page_of(order),
        page_of(order, "/letter"),
        "/console/decisions",
    ):
        assert applicant.get(path).status == 403
    assert reviewer.get("/console/questions").status == 403


def test_texts_of_people_are_text_everywhere(
    office: VettingOffice, reviewer: Visitor, applicant: Visitor
) -> None:
    """In the queue, the review, the question, the answer and the history."""
    order = ev_order(office)
    ask(reviewer, order, NAUGHTY)
    path = question_of(applicant, order)
    applicant.submit(path, Answer=NAUGHTY)
    reviewer.submit(page_of(order), "/store", Note=NAUGHTY)
    reviewer.submit(page_of(order), "/reject", Reason=NAUGHTY)
    pages = [
        reviewer.open(page_of(order)),
        applicant.open(path),
        applicant.open("/console/questions"),
        reviewer.open(f"/console/decisions?text={order}"),
    ]
    for page in pages:
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html
        assert "{{7*7}}" in page.html or "truncate" in page.html


def test_decisions_are_searched_and_saved_as_a_table(
    office: VettingOffice, reviewer: Visitor
) -> None:
    """A reason that begins like a formula is none in the table."""
    order = ev_order(office)
    reviewer.submit(page_of(order), "/reject", Reason="=1+1")
    page = reviewer.open(f"/console/decisions?text={order}")
    assert "rejected" in page.words
    (report,) = (path for path in page.links.values() if "/decisions/report" in path)
    saved = reviewer.get(report)
    assert saved.headers["Content-Disposition"] == 'attachment; filename="decisions.csv"'
    _, row = csv.reader(io.StringIO(saved.content.decode("utf-8-sig"), newline=""))
    assert (row[3], row[4]) == ("rejected", order)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_a_decision_says_what_it_was_about_and_what_was_left_open(
    office: VettingOffice, reviewer: Visitor, applicant: Visitor
) -> None:
    """In the page and in the table, in the words of the checklist; the applicant reads of it."""
    order = ev_order(office)
    ask(reviewer, order)
    reviewer.submit(page_of(order), "/approve", Items="names-fit", Without="1")
    page = reviewer.open(f"/console/decisions?text={order}")
    assert "approved (1st of 2)" in page.words
    assert "10 items not ticked; 1 question not answered" in page.words
    about = next(words for words, path in page.links.items() if path == page_of(order))
    assert about.startswith(f"Order {order}: ")
    assert about.endswith(".example.com, Example Trading Ltd")
    saved = reviewer.get(f"/console/decisions/report?text={order}").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(saved, newline=""))
    assert (row["Order"], row["Company"]) == (order, "Example Trading Ltd")
    assert row["Not ticked"].startswith("The certificate says nothing but what was checked. ")
    assert row["Questions not answered"] == "1"
    question = question_of(applicant, order)
    reviewer.submit(page_of(order), "/reject", Reason="late")
    closed = applicant.open(question).words
    assert "Closed: the reviewer has decided without it." in closed


# --- in a browser --------------------------------------------------------------------------------


def at(office: VettingOffice, browser: Browser, visitor: Visitor, found: list[str]) -> Page:
    """Let somebody who is signed in go on in a browser; note what its pages must not do."""
    context = browser.new_context()
    enter(context, visitor)
    page = context.new_page()
    watch(page, found)
    page.goto(office.console.url())
    return page


def press(page: Page, word: str) -> str:
    """Press a button of the page; return what the next one says."""
    page.click(f"main button:has-text('{word}')")
    return page.inner_text("main")


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))]
)
def any_office(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VettingOffice]:
    """The same office, and one on PostgreSQL with two serving processes."""
    if request.param == "sqlite":
        yield request.getfixturevalue("office")
        return
    postgres: Cluster = request.getfixturevalue("postgres")
    shared = f'database = "{postgres.database()}"\nhttp.workers = 2\n{SETTINGS}'
    with console_in(tmp_path_factory.mktemp("shared"), shared) as console:
        yield VettingOffice(console)


@pytest.mark.needs("chromium")
def test_an_order_is_vetted_by_one_and_an_ev_order_by_two(
    any_office: VettingOffice, browser: Browser
) -> None:
    """In browsers: manager and order, a letter, question and answer, and a rejection."""
    office, found = any_office, list[str]()
    one, two = (at(office, browser, office.reviewer()[1], found) for _ in range(2))
    user = at(office, browser, office.applicant()[1], found)
    ov = office.order(OV, new_company="New Company Ltd")
    ev, wrong = ev_order(office), ev_order(office)

    one.click("text=Reviews")
    one.click("a:has-text('Manager and company')")
    one.check("#Without")
    assert "Approved." in press(one, "Approve")
    one.goto(office.console.url(page_of(ov)))
    assert "One person decides." in one.inner_text("main")
    one.check("#Without")
    press(one, "Approve")
    assert office.stands(ov) == "PENDING-DCV"

    one.goto(office.console.url(page_of(ev)))
    one.fill("#Question", "Who signs?")
    assert "The applicant was asked." in press(one, "Ask")
    user.goto(office.console.url("/console/questions"))
    user.click("text=Who signs?")
    user.fill("#Answer", "The director.")
    user.set_input_files("#Files", {"name": "s.pdf", "mimeType": "application/pdf", "buffer": PDF})
    assert "Your answer was sent" in press(user, "Answer")

    one.goto(office.console.url(page_of(ev)))
    assert "The director." in one.inner_text("main")
    with one.expect_download() as saved:
        one.click("text=Save the letter")
    assert saved.value.suggested_filename == f"letter-order_{ev}.pdf"
    one.check("input[value=names-fit]")
    assert "Ticked by" in press(one, "Store, decide later")
    one.check("#Without")
    press(one, "Approve")
    two.goto(office.console.url(page_of(ev)))
    assert "A second person has to approve it" in two.inner_text("main")
    two.check("#Without")
    press(two, "Approve")
    assert office.stands(ev) == "PENDING-DCV"

    two.goto(office.console.url(page_of(wrong)))
    two.fill("#Reason", "Not ours.")
    press(two, "Reject")
    assert office.stands(wrong) == "Not ours."
    assert found == []
    for page in (one, two, user):
        page.context.close()
