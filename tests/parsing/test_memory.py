"""What the system lets others see of a process that holds keys."""

from __future__ import annotations

import subprocess
import sys

LOOK = """
import ctypes, resource
from certdesk.parsing.memory import hide_memory
PR_GET_DUMPABLE = 3
def seen():
    return ctypes.CDLL(None).prctl(PR_GET_DUMPABLE), resource.getrlimit(resource.RLIMIT_CORE)[0]
print(seen()[0])
hide_memory()
print(*seen())
"""


def test_a_process_that_hides_its_memory_is_not_dumped() -> None:
    """By the kernel's own word; before, it would be."""
    said = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, check=True, text=True)
    assert said.stdout.split() == ["1", "0", "0"]
