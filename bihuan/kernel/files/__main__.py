"""Writes the page of docs/reference that lists every class of defect.

python -m bihuan.kernel.files docs/reference/intake.md
"""

import sys
from pathlib import Path

from .defects import Grade, defects


def described() -> str:
    """The page as it must stand."""
    parts = [
        "# Intake: classes of defect\n",
        "Written by `python -m bihuan.kernel.files`; do not edit. Each class has at least one file in",
        "`tests/kernel/files/defective.py` that shows it. *Refused*: the file is not taken in. *Rejected*: the cell is",
        "not taken, nor is its row unless the form can do without the column. *Doubtful*: an officer decides.",
        "*Repaired*: put right and told. *Told*: nothing was changed.\n",
    ]
    for grade in Grade:
        listed = [defect for defect in defects().values() if defect.grade is grade]
        parts += [
            f"## {grade.value.capitalize()} ({len(listed)})\n",
            "| class | what is told | what to do |",
            "|---|---|---|",
        ]
        parts += [
            f"| `{one.code}` | {one.reason['en']}<br>{one.reason['zh']} | {one.remedy['en']}<br>{one.remedy['zh']} |"
            for one in listed
        ]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(described(), "utf-8")
