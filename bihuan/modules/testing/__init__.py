"""Testing owns samples and their laboratory results, for people under an order and for arrivals without one.

It records `sample.taken` and `test.resulted` on the subject that asked for the test (`order:…` or `arrival:…`). What
follows from a result the pathways decide, not this module. A result is never rewritten; a correction is a further one.
"""
