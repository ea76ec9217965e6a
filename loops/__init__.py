"""Long-running loops: separate processes that deliberate and write SQLite."""
