"""Vetting: what people look at before an order is issued or revoked, and its letters."""
