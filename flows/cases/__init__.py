"""What people do with an onboarding, one use case per module."""
