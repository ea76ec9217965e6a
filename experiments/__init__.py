"""Comparative experiments and the two small research labs."""
