"""Translates between an action's parameters and the material of an order, both ways."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

import msgspec

from certdesk.domain.errors import InvalidParam, ServiceError
from certdesk.domain.orders.material import Material, value_at
from certdesk.domain.orders.submission import EXPECTED_WORDS, Fault, MaterialRefused
from certdesk.domain.values.redaction import redacted, redacted_unless_near
from certdesk.domain.values.sealed_fields import build
from certdesk.wire.model import Request

_PATH = re.compile(r"\{([a-z_.]+)\}")


class Parameters:
    """Maps attributes of a request to values of the material, with the action's phrases."""

    def __init__(
        self,
        request: type[Request],
        attributes: Mapping[str, str],
        phrases: Mapping[str, str],
        *,
        unshown: Container[str] = (),
        beyond: tuple[str, Parameters] | None = None,
    ) -> None:
        """Use the action's request type and its table from material path to attribute.

        `phrases` are those of `submission.PHRASES` in the action's terms. Refusals do not show the
        values of `unshown` paths. `beyond` names values for which the action has no parameter: it
        is another action that has one.
        """
        self._attributes = attributes
        self._phrases = phrases
        self._unshown = unshown
        self._beyond = beyond
        self._wire_names = {
            field.name: field.encode_name for field in msgspec.structs.fields(request)
        }

    def material(self, request: Request, **fixed: object) -> Material:
        """Return the material of a request; values given as `fixed` are not read from it."""
        values: dict[str, Any] = {}
        for path, attribute in self._attributes.items():
            value = getattr(request, attribute)
            first, _, second = path.partition(".")
            if value is None:
                continue
            if second:
                values.setdefault(first, {})[second] = value
            else:
                values[first] = value
        return build(Material, values | fixed)

    def knows(self, path: str) -> bool:
        """Whether the action has a parameter of its own for a value."""
        return path in self._attributes

    def wire_name(self, path: str) -> str:
        """Return the action's own name of a value."""
        if not self.knows(path) and self._beyond is not None:
            action, parameters = self._beyond
            return f"{parameters.wire_name(path)} of {action}"
        return self._wire_names[self._attributes[path]]

    def refusal(self, refused: MaterialRefused, material: Material) -> ServiceError:
        """Return the error for refused material in the action's own terms, each rule once."""
        clauses: dict[str, dict[str, None]] = {}
        for fault in refused.faults:
            value = value_at(material, fault.path) if fault.got is None else fault.got
            got = "" if fault.path in self._unshown else _got(fault, value)
            names = clauses.setdefault(f"{self._worded(fault.rule)}{got}", {})
            names[self.wire_name(fault.path)] = None
        detail = " ".join(f"{', '.join(names)}: {clause}." for clause, names in clauses.items())
        return refused.error(detail, subject=refused.subject)

    def invalid(self, path: str, rule: str) -> ServiceError:
        """Return the error for one refused value, without showing the value."""
        return InvalidParam(f"{self.wire_name(path)}: {self._worded(rule)}.")

    def _worded(self, rule: str) -> str:
        said = _PATH.sub(lambda match: self._phrases.get(match[1], match[0]), rule)
        return _PATH.sub(lambda match: self.wire_name(match[1]), said)


def _got(fault: Fault, value: object) -> str:
    """Return a fault with the value that caused it, if that may be shown; never a secret."""
    if not isinstance(value, str | int) or value == "":
        return ""
    words = EXPECTED_WORDS.get(fault.path)
    if words is None or isinstance(value, int):
        return f"; got {redacted(value)}"
    return f"; got {redacted_unless_near(value, words)}"
