"""Who acts: a person at a desk, the system itself, or a member of the public."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is what the ledger keeps ("user:<uuid>", "system:<name>", "public:<reference>"); `name` is for people."""

    id: str
    unit: UUID | None = None
    name: str = ""

    @classmethod
    def system(cls, name: str) -> "Actor":
        return cls(id=f"system:{name}", name=name)

    @classmethod
    def public(cls, reference: str) -> "Actor":
        return cls(id=f"public:{reference}", name=reference)

    def __str__(self) -> str:
        return self.name or self.id


def actor_id(by: Actor | str) -> str:
    return by.id if isinstance(by, Actor) else by
