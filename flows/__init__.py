"""The onboarding itself: steps, journey, rules, deadlines. Knows no Slack, no database and no HTTP library."""
