"""How the bot was called, for messages that name a command to type next."""

import sys
from pathlib import Path

SCRIPT = "pismo-onboarding"
"""The console script that the package installs; what is read elsewhere, as in Slack, always says this."""

COMMAND = SCRIPT if Path(sys.argv[0]).stem == SCRIPT else "python -m bot"
