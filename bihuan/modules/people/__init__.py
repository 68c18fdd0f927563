"""People: the register of persons and households. Records who was registered, corrected and merged into whose timeline.
It never decides anything about a person: orders belong to `measures`, arrivals to `arrivals`."""
