"""The formats in which servers read a certificate and its key."""
