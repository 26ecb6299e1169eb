"""Slack itself: its Web API, who is who, its payloads, the two ways its requests come in."""
