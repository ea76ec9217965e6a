"""Read-only monitors that poll what the loops have written."""
