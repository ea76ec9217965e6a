"""Measurements: python -m benchmarks.NAME [--json] [--short]. Figures that gate are ratios of one run."""
