"""The steps, one a file. `flows/journey.py` makes a journey of them."""

from flows.forms.step import Step
from flows.steps import control_center, environments, next_steps, organization, planning, service_desk
from flows.steps.authentication import step

IN_ORDER: tuple[Step, ...] = (
    planning.STEP,
    organization.STEP,
    service_desk.STEP,
    environments.STEP,
    control_center.STEP,
    step.STEP,
    next_steps.STEP,
)
"""As they are shown."""
