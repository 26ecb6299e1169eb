"""What the bot tells of itself: log lines and metrics."""
