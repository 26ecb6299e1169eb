"""Step 6, first programs: Pismo allows no API access before the organization and a program exist."""

from flows.steps.first_programs.step import STEP

__all__ = ["STEP"]
