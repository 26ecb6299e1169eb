"""What the bot reports about itself: log lines and metrics."""
