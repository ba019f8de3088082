"""How a figure is printed: one JSON line, with what it was held against and whether it held."""

import json
import statistics
from collections.abc import Sequence
from typing import Any

held: list[bool] = []
"""One entry for each figure that had a bar."""


def figure(name: str, value: float, unit: str, *, bar: str = "", holds: bool | None = None, **more: Any) -> None:
    """Print a figure; ``bar`` says what is asked of it, ``holds`` whether it was met (None: nothing was asked)."""
    line: dict[str, Any] = {"figure": name, "value": round(value, 3), "unit": unit}
    if bar:
        line["bar"] = bar
    if holds is not None:
        line["holds"] = holds
        held.append(holds)
    print(json.dumps({**line, **more}), flush=True)


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
