"""What a file of rows is: bytes as people send them made rows of values, with a note for everything that was not as it
should be, and the same file given back with the notes in it. Forms are data (profiles/formats), classes of defect are
data (profiles/intake); what the values mean is the business of whoever takes the rows in.
"""

from .characters import plain
from .defects import Defect, Grade, Note, defects, refusal, returned_headers
from .forms import Column, Form, form_of, header_key
from .headers import Heading, Mapped, is_ours
from .intakes import Intake, Outline, Outlined
from .lines import Line, Plan
from .numbers import check_character
from .problems import FileProblem
from .returning import Mark, Returned, as_csv, as_workbook, fitted, neutral

__all__ = [
    "Column",
    "Defect",
    "FileProblem",
    "Form",
    "Grade",
    "Heading",
    "Intake",
    "Line",
    "Mapped",
    "Mark",
    "Note",
    "Outline",
    "Outlined",
    "Plan",
    "Returned",
    "as_csv",
    "as_workbook",
    "check_character",
    "defects",
    "fitted",
    "form_of",
    "header_key",
    "is_ours",
    "neutral",
    "plain",
    "refusal",
    "returned_headers",
]
