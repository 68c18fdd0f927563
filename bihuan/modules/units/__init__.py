"""Units and the people who work in them: the register, posts, duty rosters, daily returns, accounts, the way in.

Records shifts and daily returns; the tree, posts and accounts themselves are kernel.access's. Never holds a traveller.
"""
