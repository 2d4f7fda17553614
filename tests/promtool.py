"""Prometheus's own `promtool`, which tells which alerts fire after pages of figures."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.pasting import ROOT
from tools import servers

RULES = ROOT / "docs" / "prometheus" / "alerts.yml"
FAR = 1e9
"""Stands for what is infinite, which promtool reads alone and not in a row."""

INTERNAL = "InternalError"
UP = 'up{job="certdesk"}'
ALERTS = re.findall(r"- alert: (\w+)", RULES.read_text("utf-8"))
"""The names of all alerts, in the order of the rules."""

_ASKED = frozenset(re.findall(r"certdesk_\w+", RULES.read_text("utf-8")))
_GOT = re.compile(r"got:(.*)")
_NAME = re.compile(r'alertname="(\w+)"')

Moment = tuple[str, int]
"""A page of figures, and for how many minutes Prometheus reads it; an empty one is no answer."""


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `promtool WORDS` to its end."""
    program = servers.find("promtool") or "promtool"
    return subprocess.run([program, *words], capture_output=True, text=True, check=False)


def firing(folder: Path, *moments: Moment, step: int = 1) -> list[set[str]]:
    """Return the alerts that fire at the end of each of these moments, by the guide's rules.

    Figures are read and rules looked at every `step` minutes, of which a moment has a multiple.
    """
    ends = itertools.accumulate(minutes for _, minutes in moments)
    test = {
        "interval": f"{step}m",
        "input_series": [
            {"series": name, "values": " ".join(values)}
            for name, values in _series(moments, step).items()
        ],
        "promql_expr_test": [
            {
                "expr": 'group by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{end - step}m",
                # So it always fails, and prints what there is.
                "exp_samples": [{"labels": '{alertname="None"}', "value": 1}],
            }
            for end in ends
        ],
    }
    file = folder / "alerts.test.yml"
    # JSON is YAML.
    asked = {"rule_files": [str(RULES)], "evaluation_interval": f"{step}m", "tests": [test]}
    file.write_text(json.dumps(asked))
    told = promtool("test", "rules", str(file))
    printed = _GOT.findall(told.stdout + told.stderr)
    assert len(printed) == len(moments), told.stdout + told.stderr
    return [set(_NAME.findall(each)) for each in printed]


def _series(moments: Sequence[Moment], step: int) -> dict[str, list[str]]:
    """Return the values of each series, a word a moment."""
    pages = [_values(page) for page, _ in moments]
    names = dict.fromkeys(name for page in pages for name in page)
    return {
        name: [
            f"{page[name]}x{minutes // step - 1}" if name in page else f"_x{minutes // step}"
            for page, (_, minutes) in zip(pages, moments, strict=True)
        ]
        for name in names
    }


def _values(page: str) -> dict[str, str]:
    """Read the figures that the rules ask for, as Prometheus keeps them for its job.

    Of requests those that went well are left out, as there are many series of them.
    """
    found = {UP: "1" if page else "0"}
    for family in text_string_to_metric_families(page):
        for each in family.samples:
            if each.name in _ASKED and each.labels.get("code", INTERNAL) == INTERNAL:
                labels = {**each.labels, "job": "certdesk"}
                written = ", ".join(f'{name}="{value}"' for name, value in labels.items())
                found[f"{each.name}{{{written}}}"] = str(min(each.value, FAR))
    return found
