"""Retention: jobs that delete data when its retention period is over."""
