"""What the operator may ask the desk for, and so the commands that only pass that on.

The request types of these actions stand here and not beside their handlers, as a command must not
load the desk in order to know its own options. `cli/passing_on.py` makes the commands of them.
"""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Option:
    """What says of a field that it is an option of a command; without one it is an argument.

    `flag` is the option's name where that is not the field's. If there are `choices`, nothing else
    is taken.
    """

    help: str
    flag: str = ""
    metavar: str | None = None
    choices: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Argument:
    """What says by which word the usage speaks of an argument, where that is not its name."""

    word: str
