"""How often an address may ask. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

WINDOW = timedelta(hours=1)


class Door(StrEnum):
    DECLARE = "declare"
    STATUS = "status"
    APPEAL = "appeal"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests an address may make at a door within the window.

    A train shares one address: limits are for floods, not for families.
    """

    door: Door
    requests_max: int


LIMITS = {
    Door.DECLARE: Limit(Door.DECLARE, 200),
    Door.STATUS: Limit(Door.STATUS, 300),
    Door.APPEAL: Limit(Door.APPEAL, 20),
    Door.TICKET: Limit(Door.TICKET, 40),
}


def is_flood(door: Door, requests: int) -> bool:
    return requests > LIMITS[door].requests_max
