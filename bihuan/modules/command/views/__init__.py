"""Pages of the command."""
