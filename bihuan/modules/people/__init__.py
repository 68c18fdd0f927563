"""People: the register of persons and households. Records who was registered, corrected, told apart
and joined to whom.
It never decides anything about a person: orders belong to `measures`, arrivals to `arrivals`."""
