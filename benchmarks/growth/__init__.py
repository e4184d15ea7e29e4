"""Growth of rates and memory with what a server holds."""
