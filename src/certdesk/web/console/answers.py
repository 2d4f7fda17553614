"""The answer to a request, on one of the console's threads: checks, page, template, headers."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import structlog
from starlette.responses import RedirectResponse, Response

from certdesk.domain.errors import (
    InternalError,
    ProofNeeded,
    ServiceError,
    UnauthorizedOperation,
)
from certdesk.engine import CallerChanged
from certdesk.ports import HashesBusy, Stale, StoreUnavailable
from certdesk.web.console import guards
from certdesk.web.console.access import proof_first, signed_out, way_in
from certdesk.web.console.door import ROOT
from certdesk.web.console.forms import BadForm, Form, read_form
from certdesk.web.console.guards import Forged
from certdesk.web.console.headers import HEADERS, SEALED_POLICY, policy
from certdesk.web.console.notices import NOTICES
from certdesk.web.console.page import Answered, File, Page, Redirect, Shown
from certdesk.web.console.pages import PAGES
from certdesk.web.console.problems import problems_of, refused
from certdesk.web.console.troubles import TROUBLES, Refused
from certdesk.web.console.visit import Asked, Visit
from certdesk.web.console.visitor import Visitor, visitor_of

if TYPE_CHECKING:
    from jinja2 import Environment

    from certdesk.web.console.door import Premises

UNFIT = 422
"""The status of a form that is shown again."""

FAILED = 500

LONGEST_NAME = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

log = structlog.get_logger()


class Answers:
    """Makes answers."""

    def __init__(self, premises: Premises, templates: Environment) -> None:
        """Answer with these templates."""
        self._premises = premises
        self._templates = templates

    def answer(self, asked: Asked) -> Response:
        """Answer a request. Never raises."""
        try:
            return self._respond(asked)
        except CallerChanged:
            return _redirect(signed_out(asked), asked)
        except ProofNeeded:
            return _redirect(proof_first(asked), asked)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the visitor gets a page
            return self.refusal(_instead(error, asked), asked.request_id)

    def is_for(self, page: Page, cookie: str) -> bool:
        """Return whether a page is for the person who has a cookie.

        Raises:
            Refused: the database does not answer.
        """
        try:
            visitor = visitor_of(self._premises.desk, cookie)
        except StoreUnavailable:
            raise Refused(503) from None
        return visitor.is_complete and visitor.role in page.roles

    def refusal(self, refused: Refused, request_id: str = "") -> Response:
        """Return the page that says why there is no other."""
        trouble = TROUBLES[refused.status]
        shown = Shown(
            trouble.title,
            status=refused.status,
            template="trouble.html",
            text=refused.text or trouble.text,
            request_id=request_id if refused.status == FAILED else "",
        )
        response = self._shown(shown, None, secrets.token_urlsafe(32))
        response.headers.update(refused.headers)
        return response

    def _respond(self, asked: Asked) -> Response:
        form = _form_in(asked)
        if asked.is_change:
            guards.check_token(asked.cookie, form.raw(guards.TOKEN))
        uses = not asked.page.refreshes
        visitor = visitor_of(self._premises.desk, asked.cookie, uses=uses)
        visit = Visit(asked, form, visitor, self._premises)
        # Who has no session gets a value too: the token of the form that signs in is bound to it.
        cookie = asked.cookie or secrets.token_urlsafe(32)
        answered = way_in(visit) or _answered(visit)
        if isinstance(answered, Shown):
            cookie = answered.session or cookie
            response = self._shown(answered, visit, cookie)
            if cookie != asked.cookie:
                _set_cookie(response, asked, cookie)
            return response
        if isinstance(answered, Redirect):
            return _redirect(answered, asked)
        return _file(answered)

    def _shown(self, shown: Shown, visit: Visit | None, cookie: str) -> Response:
        nonce = secrets.token_urlsafe(16)
        context = _nobodys() if visit is None else _context_of(visit)
        template = shown.template or (visit.asked.page.template if visit else "")
        text = self._templates.get_template(template).render(
            context,
            title=shown.title,
            nonce=nonce,
            form_token=guards.form_token(cookie),
            **shown.values,
        )
        headers = HEADERS | {"Content-Security-Policy": policy(nonce, shown.forms_to)}
        return Response(text, shown.status, headers, media_type="text/html")


def _form_in(asked: Asked) -> Form:
    """Return the form that was sent, an empty one if none was."""
    if not asked.is_change:
        return Form()
    try:
        return read_form(asked.body, asked.headers.get("content-type", ""))
    except BadForm:
        raise Refused(400) from None


def _instead(error: Exception, asked: Asked) -> Refused:
    """Return what to answer in place of the page, and log what the operator should know."""
    match error:
        case Refused():
            return error
        case Forged():
            return Refused(403, str(error))
        case ServiceError():
            return refused(error)
        case HashesBusy() | Stale():
            return Refused(503)
        case StoreUnavailable() | TimeoutError():
            _log(error, asked)
            return Refused(503)
    _log(error, asked)
    return Refused(FAILED)


def _log(error: Exception, asked: Asked) -> None:
    about = {"request_id": asked.request_id, "page": asked.page.path}
    log.error("a page of the console failed", exc_info=error, **about)


def _nobodys() -> dict[str, object]:
    """Return what templates use besides the page's own values, where nobody is known."""
    return {"who": None, "menu": (), "path": "", "typed": Form(), "problem": {}, "notice": ""}


def _context_of(visit: Visit) -> dict[str, object]:
    return {
        "who": visit.visitor if visit.visitor.is_known else None,
        "menu": _menu(visit.visitor),
        "path": visit.asked.path,
        "typed": visit.form,
        "problem": visit.problem,
        # The address of a form still has what was said before it was sent.
        "notice": "" if visit.asked.is_change else NOTICES.get(visit.query.text("said"), ""),
    }


def _menu(visitor: Visitor) -> list[Page]:
    if not visitor.is_complete:
        return []
    return [page for page in PAGES if page.menu and visitor.role in page.roles]


def _answered(visit: Visit) -> Answered:
    page = visit.asked.page
    if visit.asked.is_change and page.act is not None:
        try:
            return page.act(visit)
        except (InternalError, ProofNeeded, UnauthorizedOperation):
            raise
        except ServiceError as error:
            visit.problem = problems_of(error, visit.form, page.field)
    shown = page.show(visit)
    if visit.problem and isinstance(shown, Shown):
        shown.status = UNFIT
    return shown


def _redirect(redirect: Redirect, asked: Asked) -> Response:
    if asked.page.refreshes:
        # A part of a page cannot show another page: the browser opens the whole page anew.
        return Response(None, 204, HEADERS | {"HX-Refresh": "true"})
    target = f"{ROOT}{redirect.path}"
    if redirect.said:
        # A key that nobody wrote a sentence for is a mistake of the page.
        assert redirect.said in NOTICES  # noqa: S101
        target += f"{'&' if '?' in target else '?'}said={redirect.said}"
    response = RedirectResponse(target, 303, HEADERS)
    if redirect.session is not None:
        _set_cookie(response, asked, redirect.session)
    return response


def _file(file: File) -> Response:
    headers = HEADERS | {
        "Content-Security-Policy": SEALED_POLICY,
        "Content-Disposition": f'attachment; filename="{_safe(file.name)}"',
    }
    return Response(file.content, 200, headers, media_type=file.kind)


def _safe(name: str) -> str:
    """Return a file's name that can be in a header, and on any disk."""
    return _UNSAFE.sub("_", name)[:LONGEST_NAME].strip(".") or "file"


def _set_cookie(response: Response, asked: Asked, value: str) -> None:
    """Set the visitor's cookie, or take it away where `value` is empty."""
    response.set_cookie(
        asked.origin.cookie,
        value,
        max_age=None if value else 0,
        path="/",
        secure=asked.origin.is_secure,
        httponly=True,
        samesite="lax",
    )
