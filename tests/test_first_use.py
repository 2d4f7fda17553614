"""What all threads of a desk use is ready before there are threads."""

from __future__ import annotations

import subprocess
import sys

# msgspec reads a type's fields with functions of its module `_utils`. Were one of them called by a
# request, another request could meet a type that is half read, and end the process.
FIRST_USES = """
import contextlib, sys
from certdesk.bootstrap import actions
from certdesk.domain.values import sealed_fields
from certdesk.domain.errors import ServiceError
from certdesk.domain.orders.material import Material
from certdesk.domain.values.organisation import Organisation, People, Person
from certdesk.wire.decode import decode
import msgspec

declared = list(actions())
readings = []

def note(frame, event, _):
    if event == "call" and frame.f_code.co_filename.endswith("msgspec/_utils.py"):
        readings.append(frame.f_code.co_name)

sys.setprofile(note)
for action in declared:
    with contextlib.suppress(ServiceError):
        decode({}, action.request)
for kind in (Material, Organisation, Person, People):
    with contextlib.suppress(msgspec.ValidationError):
        sealed_fields.build(kind, {})
sys.setprofile(None)
print(len(declared), readings)
"""


def test_no_type_is_read_by_a_request() -> None:
    """In a fresh process, where nothing was used before: 80 actions and more, and no reading."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_USES], capture_output=True, text=True, check=True
    )
    count, _, readings = done.stdout.partition(" ")
    assert int(count) > 80
    assert readings.strip() == "[]"
