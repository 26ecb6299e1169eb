"""The steps, one a module. `flows/journey.py` makes a journey of them."""
