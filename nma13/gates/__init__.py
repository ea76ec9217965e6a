"""Seven gates, one file each: pure functions from what is known to one frozen output."""
