"""What the console shows of the desk beside its lists: the start of each visitor, the audit log."""
