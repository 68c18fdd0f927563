"""Pages of isolation, a file per noun."""

from . import homes, referrals, sites, stays, tickets

__all__ = ["homes", "referrals", "sites", "stays", "tickets"]
