"""The rate limit of each account and action, by the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from certdesk.domain.values.record import Record


class Limits(Record):
    """The requests a second of one account, for each action; 0 is no limit."""

    default: int
    actions: Mapping[str, int]

    @classmethod
    def read(cls, default: int, exceptions: Iterable[str]) -> Limits:
        """Read exceptions such as `CertificateInfoSubmit=20`.

        Raises:
            ValueError: one of them is malformed.
        """
        actions = {}
        for text in exceptions:
            action, _, number = text.partition("=")
            if not action or not number.isdecimal():
                raise ValueError(f"{text} is not an action and a number, such as Name=20")
            actions[action] = int(number)
        return cls(default, actions)

    def of(self, action: str) -> int:
        """Return the limit of an action."""
        return self.actions.get(action, self.default)
