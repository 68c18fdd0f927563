"""Pages of the transfer desk, of drivers, of fleets and of the counties' plans."""
