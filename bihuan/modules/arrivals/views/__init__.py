"""Pages of arrivals: gates, arrivals, files."""
