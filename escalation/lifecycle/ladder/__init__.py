"""Going up, handing over, and whose hours, powers and exceptions bear on it."""
