"""What people read in Slack. Pure functions: no calls, no access to the store."""
