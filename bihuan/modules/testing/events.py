"""The facts of testing. Their subject is the order or arrival that asked for the test, `about` is the person."""

# A sample was taken. payload: sample (id), code, purpose, phase, day (the policy's day, null outside the plan)
SAMPLED = "sample.taken"

# The laboratory said what it found. payload: sample (id), code, purpose, phase, day, result (negative | positive |
# inconclusive), sampled_at; a correction also has is_correction, corrects (id of the result it replaces) and reason.
RESULTED = "test.resulted"

# A person with a positive result was referred; `unit` is the hospital. payload: hospital, handover (or null, where
# no order holds the person)
REFERRED = "person.referred"

# A laboratory handed in a file of results. Subject report:<id>. payload: file_name, sha256
REPORT_RECEIVED = "report.received"

# Every row of a file of results has its outcome. Subject report:<id>. payload: recorded, duplicate, doubtful, rejected
REPORT_TAKEN_IN = "report.taken_in"

# A doubtful row was decided. Subject report:<id>. payload: row, sample (or null where it was rejected), reason
REPORT_ROW_DECIDED = "report.row_decided"
