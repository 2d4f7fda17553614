"""Retention: jobs that remove what was kept for a time and is over."""
