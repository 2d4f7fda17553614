"""The requests of the operator that commands pass on to the desk unchanged.

The request types are here and not beside their handlers, because a command must not load the desk
only to know its own options. `cli/passing_on.py` makes the commands from them.
"""

from certdesk.domain.values.record import Record


class Option(Record):
    """The mark of a field that is an option of a command; without it, a field is an argument.

    `flag` is the option's name if that is not the field's. If there are `choices`, no other value
    is accepted.
    """

    help: str
    flag: str = ""
    metavar: str | None = None
    choices: tuple[str, ...] = ()


class Argument(Record):
    """The mark of an argument whose name in the usage is not the field's."""

    word: str
