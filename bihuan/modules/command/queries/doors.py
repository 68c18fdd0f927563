"""Where things are done: the page of what a duty is about, and the page on which a step is worked off."""

from django.urls import reverse

SUBJECTS = {
    "arrival": "arrivals:detail",
    "order": "orders:detail",
    "appeal": "appeals:detail",
    "ticket": "tickets:detail",
    "return": "returns:detail",
    "trip": "trips:detail",
    "service": "sites:service",
    "batch": "batches:detail",
}
STEPS = {
    ("arrival", "land"): "gates:list",
    ("order", "approve"): "orders:approvals",
    ("order", "request"): "transfers:desk",
    ("order", "assign"): "transfers:desk",
    ("order", "board"): "trips:mine",
    ("order", "check_in"): "sites:today",
    ("order", "check"): "sites:today",
    ("order", "central_test"): "samples:due",
    ("order", "leave"): "sites:today",
    ("order", "admit"): "referrals:list",
    ("order", "home"): "homes:list",
    ("order", "home_check"): "homes:list",
    ("order", "home_test"): "samples:due",
    ("service", "day"): "sites:today",
    ("service", "certificate"): "sites:today",
    ("trip", "disinfect"): "trips:mine",
    ("appeal", "answer"): "appeals:list",
    ("pushed_list", "report_back"): "batches:list",
    ("ticket", "answer"): "tickets:list",
    ("ticket", "close"): "tickets:list",
    ("daily_return", "submit"): "returns:list",
    ("daily_return", "submit_district"): "returns:list",
}


def door_of(subject: str) -> str:
    """The page of a subject such as "order:<uuid>"; empty for one that has no page."""
    noun, _colon, key = subject.partition(":")
    return reverse(SUBJECTS[noun], args=[key]) if noun in SUBJECTS else ""


def done_at(pathway: str, step: str) -> str:
    """The page on which many duties of a step are worked off; empty where each has its own."""
    return reverse(STEPS[pathway, step]) if (pathway, step) in STEPS else ""
