"""The pages anybody can open: what applies to a traveller, declaring a trip, one's own record, an appeal.

Owns no tables and records no facts of its own: it writes through the actions of other modules. Never shows one
person's record
to another, and never says whether somebody it does not know exists.
"""
