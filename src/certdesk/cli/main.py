"""The top of the command: the list of commands, and the reporting of failures."""

from __future__ import annotations

import contextlib
import gc
import importlib
import re
import sys
from collections.abc import Iterator
from typing import Any

import click

from certdesk.cli import prepare_imports
from certdesk.cli.group import Group
from certdesk.cli.printing import fitting, forsake_output, tell
from certdesk.cli.streams import OutputLost, open_streams
from certdesk.domain.values.redaction import redacted
from certdesk.domain.values.visible import visible

SERVING = "certdesk.cli.serve"

COMMANDS = {
    "serve": SERVING,
    "sandbox": SERVING,
    "worker": SERVING,
    "call": "certdesk.cli.call",
    "account": "certdesk.cli.accounts",
    "key": "certdesk.cli.accounts",
    "user": "certdesk.cli.users",
    "staff": "certdesk.cli.people",
    "policy": "certdesk.cli.users",
    "project": "certdesk.cli.users",
    "token": "certdesk.cli.users",
    "company": "certdesk.cli.records",
    "manager": "certdesk.cli.records",
    "zone": "certdesk.cli.zones",
    "review": "certdesk.cli.review",
    "orders": "certdesk.cli.orders",
    "order": "certdesk.cli.order",
    "person": "certdesk.cli.person",
    "vault": "certdesk.cli.desk",
    "blocklist": "certdesk.cli.blocklist",
    "ca": "certdesk.cli.ca",
    "clock": "certdesk.cli.desk",
    "doctor": "certdesk.cli.doctor",
    "settings": "certdesk.cli.desk",
    "products": "certdesk.cli.products",
    "demo": "certdesk.cli.demo",
    "world": "certdesk.cli.world",
}
"""Each command and its module; only the module of the called command is imported."""

EPILOG = """\b
Exit codes: 0 done; 1 refused, the reason is on stderr; 2 wrong usage;
3 the desk cannot be opened or reached; 4 the output cannot be written.

\b
A first desk:
  certdesk serve                       # in one terminal
  certdesk account add "Web team"      # in another: prints the keys
  certdesk call DescribeCompanies --endpoint http://127.0.0.1:8080

\b
A sandbox, for tests:
  certdesk world                       # in one terminal
  certdesk sandbox --config world/desk.toml --listen 127.0.0.1:0
"""


class Commands(Group):
    """A group that imports a command when it is called."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 -- click's signature
    ) -> click.Context:
        """Read the words before the command's name."""
        with _harmless():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Read the command's own words, and run it."""
        with _harmless():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """Return the commands in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        """Import a command's module and return the command."""
        if cmd_name not in COMMANDS:
            return None
        if COMMANDS[cmd_name] == SERVING:
            prepare_imports()
        module = importlib.import_module(COMMANDS[cmd_name])
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - the table names commands only
        return command


_SUPERFLUOUS = re.compile(r"( extra arguments?) \(.*", re.DOTALL)
_QUOTED = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_TYPED = re.compile(rf"(?<=No such command ){_QUOTED}|{_QUOTED}(?= is not )", re.DOTALL)
"""Where click's messages repeat a word given as a command, a number or a choice."""


@contextlib.contextmanager
def _harmless() -> Iterator[None]:
    """Remove possible secrets and terminal controls from click's messages.

    A word in the wrong place may be a secret, and pasted text may come from a tenant.
    """
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        text = _TYPED.sub(_redacted, _SUPERFLUOUS.sub(r"\1", error.format_message()))
        raise click.UsageError(fitting(visible(text), sys.stderr), error.ctx) from None


def _redacted(typed: re.Match[str]) -> str:
    return redacted((typed[1] or typed[2])[1:-1])


@click.command(cls=Commands, epilog=EPILOG)
@click.version_option(package_name="certdesk")
def certdesk() -> None:
    """Take orders for TLS certificates: a desk of your own that speaks Tencent Cloud's SSL API.

    Operator's commands (from account to doctor in the list below) work while a server runs and
    without one. They print JSON on stdout and nothing else; at a terminal, lists are tables. ca and
    doctor say what they print.
    """


UNWRITTEN = 4


def main() -> None:
    """Run the command."""
    open_streams()
    try:
        certdesk(prog_name="certdesk", args=sys.argv[1:])
    except OutputLost as lost:
        if not lost.closed:
            tell(str(lost))
        forsake_output()
        raise SystemExit(UNWRITTEN) from None
    finally:
        # All of it ends with the process; looking for garbage in it takes a fifth of a command.
        gc.freeze()
