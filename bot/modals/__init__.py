"""Forms in windows: opened at once, left page by page, sent."""
