"""Reading what people paste. Knows no onboarding."""
