"""Which version of the bot this is: the one place that says so. The package takes it from here."""

VERSION = "0.2.0"
