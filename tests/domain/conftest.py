"""How long the property tests of the rules look: ``HYPOTHESIS_PROFILE=deep`` for 50,000 lives by hand."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
# Derandomized: the suite must say the same of the same code. The deep run is where new sequences are looked for.
settings.register_profile("rules", max_examples=850, derandomize=True, deadline=None, suppress_health_check=_QUIET)
settings.register_profile("deep", max_examples=12_500, deadline=None, suppress_health_check=_QUIET)
