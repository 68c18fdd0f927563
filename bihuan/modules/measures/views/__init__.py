"""Pages of orders and appeals."""
