"""The `certdesk` command."""

import gc
import importlib
import sys

NEW_OBJECTS = 1_000_000
"""How many more objects than before exist when the garbage collector runs: a start makes fewer."""


def prepare_imports() -> None:
    """Make it cheaper to import all parts of the desk, which comes next.

    What is imported stays, so the garbage collector need not look for garbage. A process that runs
    on has it look again once it has started (`web.server.keep_what_exists`). structlog does not
    import rich, with which it could draw tracebacks: the desk logs them as text.
    """
    gc.set_threshold(NEW_OBJECTS)
    if "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # so that importing it fails
    try:
        importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]
