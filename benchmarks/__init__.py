"""Benchmarks: each prints one table, with a named alternative measured in the same run."""
