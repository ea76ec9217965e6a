"""Four pages that watch the research loops. They only read; nothing here can change a store."""
