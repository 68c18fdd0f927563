"""Pages of units, one file per subject."""
