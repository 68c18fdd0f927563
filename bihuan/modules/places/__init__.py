"""Places: the register of areas (GB/T 2260, ISO 3166) and the dated watch list of their risk. Records what was
declared and by whom.
It never decides what follows for a person."""
