"""Incident mode, by concern: the mode itself, the baseline, the action plan, priorities, periods, views."""
