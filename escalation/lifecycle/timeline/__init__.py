"""Entries, threads, sessions; reading, searching and proving the record."""
