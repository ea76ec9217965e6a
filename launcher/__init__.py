"""The words of ./lab: one file per group of words, heavy imports inside."""
