"""The page of each action of the API, from its declaration."""

from __future__ import annotations

import inspect
import json

from certdesk.catalog import Action
from tools.reference.examples import EXAMPLES
from tools.reference.fields import Member, members, parameters
from tools.reference.markdown import block, code, page, table


def action_page(action: Action) -> str:
    """Describe an action: what it is for, its parameters, reply, errors, and an example."""
    text = inspect.getdoc(action.handler) or ""
    return page(
        action.name,
        text,
        _way(action),
        "## Parameters",
        table(
            ("Name", "Type", "Required", "What it is"),
            [
                (code(one.path), one.kind, "yes" if one.required else "", _with_mark(one))
                for one in parameters(action.request)
            ],
        ),
        "## Reply",
        inspect.getdoc(action.reply) or "",
        table(
            ("Name", "Type", "If empty", "How far"),
            [
                (code(one.path), one.kind, code(one.nothing), how_far(one))
                for one in members(action.reply)
            ],
        ),
        "## Errors",
        "Besides the [errors of every action](../errors.md#errors-of-every-action):",
        table(
            ("Code", "When"),
            sorted((code(error.code), inspect.getdoc(error) or "") for error in action.errors),
        ),
        *_example(action),
    )


def index_page(actions: list[Action]) -> str:
    """List the actions."""
    return page(
        "Actions",
        "One page for each action of the API. [Coverage](../coverage.md) says which of "
        "their fields have an effect, and which actions are not built yet.",
        table(
            ("Action", "What it does"),
            [(f"[{action.name}]({action.name}.md)", action.summary) for action in actions],
        ),
        "See also the operator's [commands](../commands.md) and the [settings](../settings.md).",
    )


def how_far(member: Member) -> str:
    """Say how far a member is built, and what stands there where nothing fills it."""
    always = f": always {code(member.constant)}" if member.constant else ""
    return f"{member.coverage}{always}"


def _with_mark(member: Member) -> str:
    if member.coverage == "real":
        return member.text
    return f"{member.text} *{member.coverage.capitalize()}.*"


def _example(action: Action) -> list[str]:
    if action.name not in EXAMPLES:
        return []
    example = json.dumps(EXAMPLES[action.name], ensure_ascii=False, indent=2)
    words = "The parameters as JSON, as in the body of a request:"
    return ["## Example", words, block(example, "json")]


def _way(action: Action) -> str:
    reach = "Changes something" if action.writes else "Only reads"
    whole = ", and have to allow it for the whole account" if action.account_wide else ""
    return (
        f"{reach}. Policies call it {code(action.permission)}{whole}. "
        f"The body has at most {action.body_limit // 1024} KiB."
    )
