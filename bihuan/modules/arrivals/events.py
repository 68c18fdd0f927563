"""Facts about arrivals. Subject `arrival:<id>`, about `person:<id>`, unless it says otherwise."""

EXPECTED = "arrival.expected"
"""Somebody is announced, or announced for another time or gate. Unit: the gate that has to meet them. Payload:
reference, expected_at (or null), departed_at, origin_id, origin_kind, contact_kind, carrier, gate_id, unit_id,
batch.
"""

CHANGED = "arrival.changed"
"""A later file or declaration says more. Payload: the fields that changed, batch."""

HISTORY = "arrival.history"
"""Announced so late that everything that could follow is over: nothing is opened. Payload as EXPECTED."""

LANDED = "arrival.landed"
"""An officer at a gate confirmed who it is. Unit: the gate. Payload: gate, temperature, symptoms,
identity_confirmed, profile, policy, rule, class_code, measure, sample, counted_from, days, tests, decision (the
whole answer with its reason).
"""

FOUND = "arrival.found"
"""Found in the city after passing no gate. Unit: the community that found them. Payload: as LANDED without gate and
with happened_on (the day of arrival as declared), mode, days_late, announced (the arrival that never came, or null).
"""

RECLASSIFIED = "arrival.reclassified"
"""The class changed because an area was raised or lowered. Payload: as LANDED, and cause (the line of the watch
list).
"""

ORDER_LINKED = "order.linked"
"""An order was proposed for this arrival. Payload: order."""

NOT_ON_BOARD = "arrival.not_on_board"
"""Announced and did not come. Payload: reason."""

CANCELLED = "arrival.cancelled"
"""The trip was called off beforehand. Payload: reason."""

LEFT = "arrival.left"
"""Travelled on without staying in the city. Payload: reason."""

SENT = "arrival.sent"
"""Sent on to the unit of the destination, which has yet to accept. Unit: that unit. Payload: unit, handover."""

ACCEPTED = "arrival.accepted"
"""The destination took the person over. Unit: the accepting unit. Payload: unit."""

CLOSED = "arrival.closed"
"""Everything that had to follow is done."""

TAKEN_BACK = "arrival.taken_back"
"""The file that announced this trip was taken back: nobody is expected. Payload: batch, reason."""

GATE_OPENED = "gate.opened"
"""A first landing point was entered in the catalogue. Subject `unit:<id>`. Payload: kind, capacity_per_hour,
waiting_capacity.
"""

GATE_CHECKED = "gate.checked"
"""A line of the gate's checklist was done. Subject `unit:<id>`. Payload: item, on, evidence."""

BATCH_RECEIVED = "batch.received"
"""A file was handed in. Subject `batch:<id>`. Payload: file_name, sha256, kind, issuer, legal_basis."""

BATCH_TAKEN_IN = "batch.taken_in"
"""Every row of a file has its outcome. Subject `batch:<id>`. Payload: rows, created, updated, duplicate, doubtful,
rejected.
"""

BATCH_REFUSED = "batch.refused"
"""A file could not be taken in at all. Subject `batch:<id>`. Payload: code, names."""

COLUMNS_SAID = "batch.columns_said"
"""An officer said which column each header of a file is; it holds for its sender's next files. Subject `batch:<id>`.
Payload: issuer, unit, columns (header: column, or "" where it is left out).
"""

COLUMN_UNSAID = "batch.column_unsaid"
"""What was said of a header no longer holds. Subject the file it was said of. Payload: issuer, unit, header, column."""

BATCH_TAKEN_BACK = "batch.taken_back"
"""A file is being taken back within a day: what it created and changed goes back to what it was. Subject `batch:<id>`.
Payload: reason.
"""

BATCH_UNDONE = "batch.undone"
"""Everything of a file is back as it was, but for the rows named. Subject `batch:<id>`. Payload: arrivals, people,
changed (how many), kept (numbers of rows by the reason they were kept for).
"""

BATCH_REPORTED_BACK = "batch.reported_back"
"""A pushed list was checked and whoever pushed it was told. Subject `batch:<id>`. Payload: words, rows, created,
updated, duplicate, rejected, and reckoning (how many of its arrivals came to what).
"""

ROW_DECIDED = "batch.row_decided"
"""An officer decided a doubtful row. Subject `batch:<id>`. Payload: row, taken_in (truth), arrival, reason."""
