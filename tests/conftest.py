"""What every test shares: a requirement mark must name a requirement that exists."""

from __future__ import annotations

import pytest

from tools.capabilities import REQUIREMENTS, read_requirements


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stop the run when a test claims to prove something that nobody asked for."""
    known = read_requirements(REQUIREMENTS)
    claims = {(item.nodeid, claim) for item in items for mark in item.iter_markers("req") for claim in mark.args}
    unknown = sorted((node, claim) for node, claim in claims if claim not in known)
    if unknown:
        lines = "\n".join(f"  {node}: {claim!r}" for node, claim in unknown)
        raise pytest.UsageError(f"unknown requirement ids; the known ones are in docs/{REQUIREMENTS.name}:\n{lines}")
