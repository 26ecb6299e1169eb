"""The Slack face: settings, bootstrap, listeners, Block Kit views, texts, command line."""
