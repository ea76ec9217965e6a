"""For people with a model of their own: a benchmark, an environment whose return is the horizon, a task for Inspect."""
