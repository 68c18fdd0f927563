"""Facts of access."""

SIGNED_IN = "user.signed_in"  # subject user; payload network, by (totp, demo)
SIGNED_OUT = "user.signed_out"  # subject user; payload because (asked, idle, too_long, ended)
SIGN_IN_FAILED = "user.sign_in_failed"  # subject user, or account:<digest> when there is none; payload network, because
ENROLLED = "user.enrolled"  # subject user; a code device was confirmed
CODE_RESET = "user.code_reset"  # subject user; the code device was taken away, the next sign-in enrols anew
ADDED = "user.added"  # subject user; payload username
DISABLED = "user.disabled"  # subject user
ENABLED = "user.enabled"  # subject user
PASSWORD_SET = "user.password_set"  # noqa: S105 - a kind of fact; subject user
SESSIONS_ENDED = "user.sessions_ended"  # subject user; whoever is signed in with the account is signed out
UNLOCKED = "user.unlocked"  # subject user; wrong tries from every network are forgotten
LANGUAGE_CHOSEN = "user.language_chosen"  # subject user; payload language
SIGNED = "user.signed"  # subject user; payload act, refers: a signature was given to an act that binds
ROLES_ADOPTED = "roles.adopted"  # subject roles:city; payload roles (code -> powers)
UNIT_ADDED = "unit.added"  # subject unit; payload code, kind
UNIT_CHANGED = "unit.changed"  # subject unit; payload the fields that changed, each as it is now
UNIT_CLOSED = "unit.closed"  # subject unit; payload from (the first day without it), reason
POST_NAMED = "post.named"  # subject unit; payload nomination, role, user, since, until: it waits for a second person
POST_REFUSED = "post.refused"  # subject unit; payload nomination, role, user, reason
POST_FILLED = "post.filled"  # subject unit; payload role, user, since, until; named_by where it takes two people
POST_ENDED = "post.ended"  # subject unit; payload role, user, until, reason
POST_HANDED_OVER = "post.handed_over"  # subject unit; payload role, from, to, on, remark
PERSON_OPENED = "person.opened"  # subject person; payload purpose
PEOPLE_LISTED = "people.listed"  # subject user; payload what, count, people
LIST_EXPORTED = "list.exported"  # subject user; payload what, form, rows, number, filters, purpose, remark, sha256
