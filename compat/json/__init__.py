"""JSON bodies as Go reads and writes them, with limits on their cost."""
