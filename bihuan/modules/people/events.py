"""Facts about people. Subject `person:<id>` unless it says otherwise."""

REGISTERED = "person.registered"
"""Somebody entered the register. Payload: name, birth_on, sex, id_type, id_number, phone, address, unit."""

CORRECTED = "person.corrected"
"""Particulars were put right. Payload: the fields that changed, each with its new value, and the reason."""

TAKEN_OUT = "person.taken_out"
"""Entered by a file that was taken back within a day: the register no longer has them. Payload: reason."""

ID_DISPUTED = "person.id_disputed"
"""Two people hold one identity number; both stand in the register. Payload: other (person)."""

HOUSEHOLD_ADDED = "household.added"
"""A household was entered. Subject `household:<id>`. Payload: address."""

MERGED = "person.merged"
"""Two records are one person. Subject the record that was joined, about the one that is kept. Payload: into (person),
reason."""

UNMERGED = "person.unmerged"
"""A joined record stands for itself again. Subject and about as above. Payload: from (person), reason."""

TOLD_APART = "person.told_apart"
"""Two records that look alike are two people, and stay so. Payload: other (person)."""
