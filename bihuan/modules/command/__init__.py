"""The command's view: the board, the wall, and everybody's own duties.

Owns no table and records no fact of its own. It counts what the modules below say and never decides for them."""
