"""What holds for all tests: properties are never judged by the clock.

Hypothesis builds its tables of Unicode in the first test of a fresh checkout, which takes a second on a busy machine,
and would call that test's generation slow, or an example over its deadline.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
