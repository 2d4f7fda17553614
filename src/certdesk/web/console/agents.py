"""What a browser calls itself, in words that people know."""

from __future__ import annotations

BROWSERS = {
    # In this order: most claim to be some of the later ones too.
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "an iPhone",
    "iPad": "an iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def browser_of(agent: str) -> str:
    """Return a short name for a User-Agent header, or the header if it is a rare one."""
    browser = next((name for word, name in BROWSERS.items() if word in agent), "")
    system = next((name for word, name in SYSTEMS.items() if word in agent), "")
    if not browser:
        return agent or "unknown"
    return f"{browser} on {system}" if system else browser
