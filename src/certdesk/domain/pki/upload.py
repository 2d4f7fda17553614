"""An uploaded certificate and key, read as a whole: accepted, or refused with a reason.

This is `chain.read` as a function that raises nothing, so that it can run in another process.
"""

from __future__ import annotations

from collections.abc import Callable

from certdesk.domain.pki import chain
from certdesk.domain.pki.chain import ChainFault, ChainRefused, UploadedChain
from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import hidden


class Examined(Record, kw_only=True, gc=True):
    """The result: what was read, or else the fault and the rule in words."""

    found: UploadedChain | None = None
    fault: ChainFault | None = None
    rule: str = ""


TOO_COSTLY = Examined(fault=ChainFault.UNREADABLE, rule="takes too long to read, with its key")
"""The result if an upload takes too long to read."""

Examining = Callable[[str, str | None, str | None], Examined]
"""`examine`, in any process."""


def examine(certificates: str, private_key: str | None, password: str | None) -> Examined:
    """Read certificates and the key of the first of them, as `chain.read` does.

    It may take seconds of CPU for hostile input: run it in a process that nothing else waits for.
    """
    try:
        return Examined(found=chain.read(certificates, hidden(private_key), hidden(password)))
    except ChainRefused as refused:
        return Examined(fault=refused.fault, rule=refused.rule)


def found_in(examined: Examined) -> UploadedChain:
    """Return what was read; raises `ChainRefused` with the fault if there is one."""
    if examined.found is None:
        raise ChainRefused(examined.fault or ChainFault.UNREADABLE, examined.rule)
    return examined.found
