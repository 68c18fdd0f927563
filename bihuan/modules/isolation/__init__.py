"""Isolation owns the sites with their zones and rooms, the stays in them, isolation at home, health checks, and the
tickets by which isolated people ask for things.

It records `stay.*`, `home.*`, `check.recorded`, `ticket.*` and `site.*`. It never decides who is isolated or for how
long: that is an order's (`measures`), and without a live order nobody can be checked in, not even by SQL.
"""
