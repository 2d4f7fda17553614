"""What the desk does: one module a topic, one function an action.

Importing this package imports all of its modules, which fills the catalog.
"""

import importlib
import pkgutil

MODULES = tuple(
    importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
)
