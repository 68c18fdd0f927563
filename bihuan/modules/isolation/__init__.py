"""Isolation owns the sites with their zones, rooms and days, the stays in them, isolation at home, health checks, the
tickets by which isolated people ask for things, and the answer of a hospital to which somebody is referred.

It records `stay.*`, `home.*`, `check.recorded`, `ticket.*`, `site.*`, `service.*`, `person.admitted` and
`person.not_admitted`. It never decides who is isolated or for how long: that is an order's (`measures`), and without
a live order nobody can be checked in, not even by SQL.
"""
