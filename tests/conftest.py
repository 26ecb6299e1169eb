"""For all tests."""

from hypothesis import settings

# A deadline measures what else the machine does at the moment, not the code.
settings.register_profile("project", deadline=None)
settings.load_profile("project")
