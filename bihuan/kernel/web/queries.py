"""Reads of background jobs."""

from uuid import UUID

from bihuan.kernel.web.models import Progress


def progress_of(progress_id: UUID, owner: str) -> Progress | None:
    """A job's progress, for whoever started it and nobody else."""
    return Progress.objects.filter(pk=progress_id, owner=owner).first()
