"""How the event loop asks whether a request is admitted, without waiting itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from certdesk.domain.accounts.replay import Use
    from certdesk.ports import Admission, Slot
    from certdesk.web.thread_pool import ThreadPool

    Given = TypeVar("Given")


class Gate(Protocol):
    """`ports.Admission` for the event loop."""

    async def take(self, use: Use, limit: int) -> Slot | None:
        """Admit a request; see `ports.Admission`."""
        ...

    async def note(self, use: Use) -> None:
        """Note a use of a signature that is refused for another reason."""
        ...

    async def leave(self, slot: Slot) -> None:
        """Free the place when its second is over."""
        ...


class OwnGate:
    """A `Gate` of this process; an admission that may wait is asked on threads."""

    def __init__(self, admission: Admission, threads: ThreadPool) -> None:
        """Ask `admission`."""
        self._admission = admission
        self._threads = threads

    async def take(self, use: Use, limit: int) -> Slot | None:
        """Admit a request."""
        return await self._ask(self._admission.take, use, limit)

    async def note(self, use: Use) -> None:
        """Note a use of a signature."""
        await self._ask(self._admission.note, use)

    async def leave(self, slot: Slot) -> None:
        """Free the place when its second is over."""
        await self._ask(self._admission.leave, slot)

    async def _ask(self, ask: Callable[..., Given], *arguments: object) -> Given:
        if not self._admission.waits:
            return ask(*arguments)
        return await self._threads.run(ask, *arguments)
