"""Connections and HTTP/1.1, below the level of requests."""
