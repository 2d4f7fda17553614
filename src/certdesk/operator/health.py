"""A check-up of the desk, for its operator."""

from collections.abc import Iterator

import structlog

from certdesk.catalog import Commit, catalog
from certdesk.domain.operation.checkup import Observation, failure, worst
from certdesk.domain.people.role import STAFF
from certdesk.engine import Context, Known
from certdesk.ports import Examiner, StoreUnavailable
from certdesk.wire.model import Part, Reply, Request

log = structlog.get_logger()


class FindingInfo(Part):
    """The result of one check: `ok`, `warn` or `fail`; `Remedy` is empty if all is well."""

    check: str
    state: str
    what: str
    remedy: str


class ExamineRequest(Request):
    """No parameters."""


class ExamineReply(Reply):
    """All findings, and the worst of their states."""

    state: str
    findings: list[FindingInfo]


@catalog.action(internal=True, roles=STAFF)
def examine(context: Context, request: ExamineRequest) -> Commit[ExamineReply]:
    """Check every part of the desk; it may take some seconds."""
    # Several checks may find the same thing.
    findings = dict.fromkeys(
        each for examiner in context.desk.examiners for each in found_by(examiner)
    )
    return Known(
        ExamineReply(
            state=worst(each.state for each in findings),
            findings=[
                FindingInfo(check=each.check, state=each.state, what=each.what, remedy=each.remedy)
                for each in findings
            ],
        )
    )


def found_by(examiner: Examiner) -> Iterator[Observation]:
    """Yield what an examiner finds; if it fails, that is a finding too, and the others go on."""
    try:
        yield from examiner()
    except StoreUnavailable as unavailable:
        what = f"it cannot be used: {str(unavailable).partition(chr(10))[0]}"
        yield failure("database", what, "fix what the message names")
    except Exception as error:
        log.exception("a part of the desk could not be checked")
        yield failure(
            "desk",
            f"a part of the desk could not be checked: {type(error).__name__}",
            "see the log for the whole error",
        )
