"""Facts about people. Subject `person:<id>` unless it says otherwise."""

REGISTERED = "person.registered"
"""Somebody entered the register. Payload: name, birth_on, sex, id_type, id_number, phone, address, unit."""

CORRECTED = "person.corrected"
"""Particulars were put right. Payload: the fields that changed, each with its new value, and the reason."""

ID_DISPUTED = "person.id_disputed"
"""Two people hold one identity number; both stand in the register. Payload: other (person)."""

HOUSEHOLD_ADDED = "household.added"
"""A household was entered. Subject `household:<id>`. Payload: address."""
