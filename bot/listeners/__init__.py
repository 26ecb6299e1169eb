"""What Slack sends: a payload becomes a typed value, and a use case carries it out."""
