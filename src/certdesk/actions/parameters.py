"""Translates between an action's parameters and the material of an order, both ways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from certdesk.domain.errors import InvalidParam, ServiceError
from certdesk.domain.material import Material, value_at
from certdesk.domain.personal import build
from certdesk.domain.submission import MaterialRefused, shown
from certdesk.wire.model import Request

_PATH = re.compile(r"\{([a-z_.]+)\}")


class Parameters:
    """Which attribute of a request says which value of the material."""

    def __init__(self, request: type[Request], attributes: Mapping[str, str]) -> None:
        """Take the action's request type and its table of material path to attribute."""
        self._attributes = attributes
        self._wire_names = {
            field.name: field.encode_name for field in msgspec.structs.fields(request)
        }

    def material(self, request: Request) -> Material:
        """Read the material out of a request."""
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
        return build(Material, values)

    def wire_name(self, path: str) -> str:
        """Give the action's own name of a value."""
        return self._wire_names[self._attributes[path]]

    def refusal(self, refused: MaterialRefused, material: Material) -> ServiceError:
        """Word refused material in the action's own terms, each rule once."""
        clauses: dict[str, list[str]] = {}
        for fault in refused.faults:
            clause = f"{self._worded(fault.rule)}{_got(value_at(material, fault.path))}"
            clauses.setdefault(clause, []).append(self.wire_name(fault.path))
        detail = " ".join(f"{', '.join(names)}: {clause}." for clause, names in clauses.items())
        return refused.error(detail, subject=refused.subject)

    def invalid(self, path: str, rule: str) -> InvalidParam:
        """Word the refusal of one value that is not itself shown."""
        return InvalidParam(f"{self.wire_name(path)}: {self._worded(rule)}.")

    def remark(self, path: str, remark: str) -> str:
        """Word a remark that refuses nothing."""
        return f"{self.wire_name(path)}: {remark}"

    def _worded(self, rule: str) -> str:
        return _PATH.sub(lambda match: self.wire_name(match[1]), rule)


def _got(value: object) -> str:
    """Add the offending value where there is one that may be shown: never a secret."""
    return f"; got {shown(value)}" if isinstance(value, str | int) else ""
