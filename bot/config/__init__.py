"""What an installation sets: the environment, policies, the clock."""
