"""Forms in modals: opened at once, filled in page by page, sent."""
