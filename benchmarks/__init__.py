"""Benchmarks: each prints one JSON line per figure, with its floor or limit measured in the same run."""
