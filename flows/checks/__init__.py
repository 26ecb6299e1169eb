"""Reading what people paste. Knows nothing about onboardings."""
