"""The Slack side: settings, startup, listeners, Block Kit views, texts, command line."""
