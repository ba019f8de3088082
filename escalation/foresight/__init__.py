"""What will happen: the same rules run forward, outside Temporal, with nobody answering."""

from escalation.foresight.forecast import Foreseen, forecast, forecast_request, foresee, foresee_request

__all__ = ["Foreseen", "forecast", "forecast_request", "foresee", "foresee_request"]
