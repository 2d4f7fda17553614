"""The findings as bars: a drawing in SVG that any browser and any forge shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 860, 230, 110
BAR, GAP, TOP = 16, 8, 46
NAMESPACE = "http://www.w3.org/2000/svg"
FONT = 'font-family="sans-serif" font-size="12"'
COLOURS = {"floor": "#9aa5b1", "desk": "#2f6fab", "other": "#c4623a"}


def chart(title: str, bars: Mapping[str, tuple[float, str]]) -> str:
    """Draw microseconds by name, each in the colour of its kind, on a logarithmic scale."""
    low = 10 ** math.floor(math.log10(min(value for value, _ in bars.values())))
    high = 10 ** math.ceil(math.log10(max(value for value, _ in bars.values())))
    height = TOP + len(bars) * (BAR + GAP) + GAP

    def x(value: float) -> float:
        share = math.log10(value / low) / math.log10(high / low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    lines = [
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {WIDTH} {height}" {FONT}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="16" font-weight="bold">{escape(title)}</text>',
    ]
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        at = f"{x(10.0**power):.1f}"
        lines += [
            f'<text x="{at}" y="{TOP - 12}" text-anchor="middle" fill="#555">{10**power:,}</text>',
            f'<path d="M{at} {TOP - 6}V{height - GAP}" stroke="#ddd"/>',
        ]
    for place, (name, (value, kind)) in enumerate(bars.items()):
        y = TOP + place * (BAR + GAP)
        lines += [
            f'<text x="{LEFT - 8}" y="{y + BAR - 4}" text-anchor="end">{escape(name)}</text>',
            f'<path d="M{LEFT} {y}H{x(value):.1f}v{BAR}H{LEFT}" fill="{COLOURS[kind]}"/>',
            f'<text x="{x(value) + 6:.1f}" y="{y + BAR - 4}">{value:,.0f}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
