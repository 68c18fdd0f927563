"""The facts of isolation. Where a person is under an order the subject is `order:…`; `about` is the person."""

# A site took the person in. payload: stay, site, room, exposure_on, ends_at (central phase), needs
CHECKED_IN = "stay.checked_in"

# The person was given another room. payload: stay, site, room, left, reason
MOVED = "stay.moved"

# The person left the site; `unit` is the community where the order goes on at home.
# payload: stay, site, room, phase (central), cause (phase_over | order_over | admitted), handover (or null),
# home_unit (or null)
ENDED = "stay.ended"

# The hospital took over a person who was referred to it; `unit` is the hospital.
# payload: hospital, handover, stay (or null)
ADMITTED = "person.admitted"

# The hospital did not take the person over; whoever referred them still answers. payload: hospital, handover, reason
NOT_ADMITTED = "person.not_admitted"

# The hospital let the person go while the order goes on, and answers until they are received elsewhere; `unit` is where
# they go. payload: hospital, to (site | home), handover and home_unit (null on the way to a site), grounds
DISCHARGED = "person.discharged"

# An order was over and no stay is left open under it. payload: was_there (somebody still had a room)
SETTLED = "stay.settled"

# A health check was made. payload: place (site | home | monitor), round (morning | evening), contact (visit | phone |
# video), temperature (text or null), symptoms (codes), normal, remark
CHECKED = "check.recorded"

# Isolation at home began. payload: home, unit, address, team (list of role, name, phone)
HOME_BEGUN = "home.begun"

# Somebody of the team was in touch with the person at home. payload: home, contact (visit | phone | video), remark
HOME_VISITED = "home.visited"

# Somebody of the team tried and did not reach the person; the day's contact stays due. payload: home, contact, remark
HOME_MISSED = "home.missed"

# A person needs or complains about something. Subject `ticket:…`. payload: kind, text, site (or null), order
TICKET_OPENED = "ticket.opened"

# The ticket was answered. payload: answer
TICKET_ANSWERED = "ticket.answered"

# What was asked for is done or refused with a reason. payload: outcome (done | refused), remark
TICKET_CLOSED = "ticket.closed"

# A site began to operate; `unit` is the site. Subject `service:…`. payload: site, certificate_ends_at (or null)
SERVICE_OPENED = "service.opened"

# A site that operates has a new safety certificate. payload: site, certificate_ends_at (or null)
CERTIFIED = "service.certified"

# What a site did for those who stay there on one day. payload: on, meals, waste, disinfected, staff_well (each true or
# false), remark
DAY_LOGGED = "service.day_logged"

# A site no longer operates. payload: site
SERVICE_CLOSED = "service.closed"

# A site was opened, closed, certified or inspected. Subject `site:…`. payload: the values that changed
SITE_CHANGED = "site.changed"

# A room was blocked or freed for use. Subject `site:…`. payload: room, state, reason
ROOM_CHANGED = "site.room_changed"
