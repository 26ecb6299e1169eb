"""What a laptop needs in place of Slack and Pismo: strict stand-ins. Only its own commands and the tests import it."""
