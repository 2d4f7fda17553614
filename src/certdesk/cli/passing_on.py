"""Commands that pass their parameters on to the desk and print its reply.

Such a command is made from the request type of its action (`wire/operator/`). The type's docstring
is the help. A field with an `Option` is an option of the command, and any other is an argument. The
field's type says which values are allowed, and its default whether it is optional. A hidden text is
refused.

    >>> from typing import Annotated
    >>> from certdesk.wire.model import Integer
    >>> from certdesk.wire.operator import Option

    >>> class RingBellRequest(Request):
    ...     '''Ring the bell of the account UIN.'''
    ...
    ...     uin: str
    ...     times: Annotated[Integer | None, Option("How often.  [default: 1]")] = None

    >>> bell = click.Group("bell")
    >>> pass_on(bell, "ring", RingBellRequest)
    >>> ring = bell.commands["ring"]
    >>> print(ring.get_help(click.Context(ring, info_name="certdesk bell ring")))
    Usage: certdesk bell ring [OPTIONS] UIN
    <BLANKLINE>
      Ring the bell of the account UIN.
    <BLANKLINE>
    Options:
      --times INTEGER  How often.  [default: 1]
      --data DIR       The desk's folder.  [default: ./certdesk-data]
      --config FILE    Settings file, TOML (or CERTDESK_CONFIG).
      --database URL   Database URL.  [default: SQLite in DIR]
      --help           Show this message and exit.

Called with `100000000001 --times 3` it asks for the action `RingBell` with `Uin` and `Times`.
"""

from collections.abc import Mapping
from typing import Any

import click
from msgspec import inspect
from msgspec.structs import FieldInfo, fields

from certdesk.cli.common import PLAIN, Form, as_json, desk_options, show_reply
from certdesk.cli.operator import ask
from certdesk.settings import Settings
from certdesk.wire.model import Request
from certdesk.wire.operator import Argument, Option

MOST = 2**63 - 1
"""The greatest number of the API; the help does not mention this bound."""


def pass_on(
    group: click.Group,
    name: str,
    request: type[Request],
    form: Form = PLAIN,
    *,
    help: str = "",  # noqa: A002 -- as click says it
    fixed: Mapping[str, object] | None = None,
) -> None:
    """Add the command called `name`, for the action whose request type this is, to a group.

    `form` is how the reply is printed. If several commands use one action, each has its own `help`
    and sets the `fixed` fields itself.
    """
    action = request.__name__.removesuffix("Request")
    always = dict(fixed or {})
    wire_names = {field.name: field.encode_name for field in fields(request)}

    def command(settings: Settings, *, json_: bool = False, **given: object) -> None:
        asked = {wire_names[field]: value for field, value in (given | always).items()}
        show_reply(ask(settings, action, **asked), form, json_=json_)

    command = desk_options(command)
    if form.person is not None:
        command = as_json(command)
    # Click puts the parameter that is added last first.
    for field in reversed(fields(request)):
        if field.name not in always:
            command = _parameter(field)(command)
    group.command(name, help=help or request.__doc__)(command)


def _parameter(field: FieldInfo) -> Any:  # noqa: ANN401 -- a decorator, as click types its own
    """Return the option or the argument of a field."""
    kind = _type(inspect.type_info(field.type))
    marks = getattr(field.type, "__metadata__", ())
    option = next((mark for mark in marks if isinstance(mark, Option)), None)
    if option is None:
        word = next((mark.word for mark in marks if isinstance(mark, Argument)), None)
        return click.argument(field.name, type=kind, metavar=word, required=field.required)
    flag = option.flag or f"--{field.name.replace('_', '-')}"
    # For click, None is a default, which would make the option optional.
    default = {} if field.required else {"default": field.default}
    return click.option(
        f"{flag}/{flag.replace('--', '--no-')}" if kind is click.BOOL else flag,
        field.name,
        type=click.Choice(option.choices) if option.choices else kind,
        metavar=option.metavar,
        required=field.required,
        show_default=default.get("default") is not None,
        help=option.help,
        **default,
    )


def _type(kind: inspect.Type) -> click.ParamType[Any]:
    """Return what a command takes for a field of this type.

    Raises:
        TypeError: commands do not support the type.
    """
    match kind:
        case inspect.Metadata(extra={"text": "hidden" | "hidden, parsed"}):
            raise TypeError("others can see a command line: a hidden text has to be asked for")
        case inspect.Metadata(type=inner) | inspect.UnionType(types=(inner, inspect.NoneType())):
            return _type(inner)
        case inspect.StrType():
            return click.STRING
        case inspect.BoolType():
            return click.BOOL
        case inspect.IntType(ge=int(least), le=int(most)):
            bounds = (least if least > -MOST else None, most if most < MOST else None)
            return click.INT if bounds == (None, None) else click.IntRange(*bounds)
    raise TypeError(f"a command takes texts, numbers and truth values, but not {kind}")
