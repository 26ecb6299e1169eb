"""What an installation configures: the environment, policies, the clock."""
