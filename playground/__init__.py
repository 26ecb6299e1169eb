"""What a laptop needs in place of Slack and Pismo: strict stand-ins. Nothing imports it but its own commands and the tests."""
