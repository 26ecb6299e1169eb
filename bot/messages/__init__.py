"""What people read in Slack, drawn from the store. Pure: no call, no store."""
