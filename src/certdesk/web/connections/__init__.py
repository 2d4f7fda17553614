"""Connections and HTTP/1.1, before a request is one."""
