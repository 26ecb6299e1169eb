"""Forms: steps and their parts as values, fields, pages, drafts."""
