"""Vetting as an account sees it: companies, managers, letters and reviews."""
