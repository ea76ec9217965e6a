"""Proposers that learn: our edit-scoring arm and the source's arms rebuilt as baselines."""
