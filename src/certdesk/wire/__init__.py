"""The API's own language: request and reply bases, decoding, envelope, signatures.

`operator` has the requests of commands.
"""
