"""Arrivals: manifests and declarations, the first landing point, gates. Records who was expected, who landed, which
class they were
found to be in and who took them over. It never restricts anybody: a quarantine is an order of `measures`."""
