"""What will happen: the same rules run forward, outside Temporal, with nobody answering."""

from escalation.foresight.forecast import forecast, forecast_request

__all__ = ["forecast", "forecast_request"]
