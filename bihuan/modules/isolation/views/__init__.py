"""Pages of isolation, a file per noun."""

from . import homes, sites, stays, tickets

__all__ = ["homes", "sites", "stays", "tickets"]
