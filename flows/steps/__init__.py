"""The steps, one a file. `flows/journey.py` makes a journey of them."""

from flows.step import Step
from flows.steps import authentication, control_center, environments, next_steps, organization, planning, service_desk

IN_ORDER: tuple[Step, ...] = (
    planning.STEP,
    organization.STEP,
    service_desk.STEP,
    environments.STEP,
    control_center.STEP,
    authentication.STEP,
    next_steps.STEP,
)
"""As they are shown."""
