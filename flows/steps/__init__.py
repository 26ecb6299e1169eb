"""The steps, one per module. `flows/journey.py` makes them into a journey."""
