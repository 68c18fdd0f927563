"""Orders on people: what someone must do, why, until when, who decided, and how to be heard.

Owns orders, their phases, exposures that start the count again, personal links and appeals. Records order.*,
exposure.* and
appeal.* facts. Never takes a restriction from a hand: an order is derived from a decision whose evidence is in the
ledger.
"""
