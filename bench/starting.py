"""How long a desk takes from its start to its first answer, and Python to import its libraries."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from unittest.mock import patch

from bench.load import connect, exchange
from bench.servers import Customer

IMPORTED = re.compile(r"^import time:.*\| +(\S+)$", re.MULTILINE)
IMPORT = """
import contextlib, importlib, json, sys
for name in json.loads(sys.argv[1]):
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
"""


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
        """Start the desk, ask it for a list, and stop it; give the seconds until the answer."""
        desk = self._customer.desk
        begin = time.monotonic()
        desk.start()
        with connect(desk.endpoint) as line:
            exchange(line, self._customer.signed("DescribeCertificates", {}))
        seconds = time.monotonic() - begin
        desk.stop()
        return seconds

    def imports(self) -> float:
        """Import what the desk imports of others, and nothing else; give the seconds."""
        begin = time.monotonic()
        subprocess.run([sys.executable, "-c", IMPORT, self._libraries], check=True)
        return time.monotonic() - begin
