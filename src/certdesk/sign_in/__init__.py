"""Providers that vouch for people who sign in to the console, one file each."""
