"""The steps, one a file. `flows/journey.py` puts them in order."""
