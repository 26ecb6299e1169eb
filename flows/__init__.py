"""The onboarding itself: steps, journey, rules, deadlines. Depends on no Slack, database, or HTTP library."""
