"""The console: the pages at `/console/`, for people (docs/adr/0040-console.md).

`door.py` is what the server mounts; it loads the other modules with the first request.
"""
