"""The CPU of a desk from its start to its first answer, and of Python importing its libraries."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from unittest.mock import patch

from rich.table import Table

from bench.found import Aim, Found, over
from bench.load import connect, exchange
from bench.machine import cpu_seconds, on, serving
from bench.servers import Customer
from bench.stage import Stage, Topic, Turn
from bench.tables import costs_table

FIRST_ANSWER, IMPORTS = "first answer", "imports"
IMPORTS_BEFORE = "imports, before"
STARTS = 3
"""In each round."""

MOST_START, MOST_IMPORTS = 1.3, 0.67
IMPORTED = re.compile(r"^import time:.*\| +(\S+)$", re.MULTILINE)
IMPORT = """
import contextlib, importlib, json, sys
with contextlib.suppress(ImportError):
    from certdesk.cli import prepare_imports
    prepare_imports()
for name in json.loads(sys.argv[1]):
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
"""
"""What is imported, and how often the garbage collector runs meanwhile, is as in the desk."""


class Starts:
    """Starts a desk that has its data already, and Python, again and again."""

    def __init__(self, customer: Customer) -> None:
        """Stop the desk of `customer`, and find out what it imports until it answers."""
        self._customer = customer
        customer.desk.stop()
        with patch.dict("os.environ", {"PYTHONPROFILEIMPORTTIME": "1"}):
            self.first_answer()
        names = dict.fromkeys(IMPORTED.findall(customer.desk.log))
        of_others = [name for name in names if name.partition(".")[0] != "certdesk"]
        self._libraries = json.dumps(of_others)

    def first_answer(self) -> float:
        """Start the desk, ask it for a list, and stop it; return the CPU until the answer."""
        desk = self._customer.desk
        desk.start()
        with connect(desk.endpoint) as line:
            exchange(line, self._customer.signed("DescribeCertificates", {}))
        seconds = cpu_seconds(desk.pid)
        desk.stop()
        return seconds

    def imports(self) -> float:
        """Import what the desk imports of others, and nothing else; return the CPU."""
        begin = _cpu_of_ended_children()
        code = self._customer.desk.code
        variables = os.environ | ({} if code is None else {"PYTHONPATH": str(code)})
        with on(serving()):
            subprocess.run(
                [sys.executable, "-c", IMPORT, self._libraries], check=True, env=variables
            )
        return _cpu_of_ended_children() - begin


def _cpu_of_ended_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def begin(stage: Stage) -> Turn:
    """Find out what today's desk imports, and the earlier one."""
    starts = Starts(Customer(stage.desk("starts"), stage.load))
    before = stage.earlier("before", pinned=True)
    earlier = None if before is None else Starts(before)

    def turn() -> None:
        for _ in range(1 if stage.options.quick else STARTS):
            stage.found.costs[FIRST_ANSWER].append(starts.first_answer())
            stage.found.costs[IMPORTS].append(starts.imports())
            if earlier is not None:
                stage.found.costs[IMPORTS_BEFORE].append(earlier.imports())

    return turn


def tables(found: Found) -> Iterator[Table]:
    """Show what was found."""
    names = (FIRST_ANSWER, IMPORTS, IMPORTS_BEFORE)
    yield costs_table(found, "Start, CPU", dict.fromkeys(names, ("ms", 1_000.0)))


def aims(found: Found) -> Iterator[Aim]:
    """Compare the start with the imports, and these with the earlier ones."""
    first, imports = found.costs[FIRST_ANSWER], found.costs[IMPORTS]
    yield Aim("start to first answer ÷ imports", over(first, imports), MOST_START)
    if found.has(IMPORTS_BEFORE):
        yield Aim("imports ÷ before", over(imports, found.costs[IMPORTS_BEFORE]), MOST_IMPORTS)


TOPIC = Topic(
    "start",
    "start to first answer, beside the imports, now and before",
    begin,
    tables,
    aims,
)
