"""Headers: which row of a table holds them, which form they belong to, and which column of the form each stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .defects import Note, returned_headers
from .forms import Column, Form, header_key, without_remark
from .problems import FileProblem

HEADER_ROWS_MAX = 30
COLUMNS_KNOWN_MIN = 2
NEARLY_FULL = 0.6

type Numbered = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column of the file: how it is headed, which column of the form it is (its first header; empty when none), and
    how that was found: known, remark (known without its remark), learnt, left (out, as was said), twice, or none.
    """

    position: int
    header: str
    column: str
    how: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A recognised table: its form, the numbers of its header rows, and where each column stands."""

    form: Form
    rows: tuple[int, ...]
    headers: tuple[str, ...]
    places: tuple[tuple[int, Column], ...]
    mapping: tuple[Mapped, ...]
    notes: tuple[Note, ...] = ()

    @property
    def learnt(self) -> dict[str, str]:
        """Every header that was understood and the column it is: what a source can be remembered by."""
        return {one.header: one.column for one in self.mapping if one.column and one.how != "twice"}


@dataclass(slots=True)
class _Candidate:
    """One or two rows taken for headers: the words of each column, the likeliest first."""

    rows: tuple[int, ...]
    texts: list[list[str]] = field(default_factory=list)


def heading_of(top: Sequence[Numbered], forms: Sequence[Form], learnt: Mapping[str, str] | None = None) -> Heading:
    """Find the headers among the first rows of a table, or refuse with what is missing. `learnt` says of headers that
    no form knows which column they are, by its first header; "" leaves a column out.
    """
    keys = _keys(learnt)
    found = _found(top, forms, keys)
    if found is None:
        raise FileProblem("header_unknown", _needed(forms))
    heading = _placed(*found, keys)
    _refuse_what_lacks(heading, top)
    return heading


def likely_heading_of(
    top: Sequence[Numbered], forms: Sequence[Form], learnt: Mapping[str, str] | None = None
) -> Heading:
    """The same of a table that may lack anything: where no form knows its headers they are the first row that is
    nearly as full as the fullest, under the template.
    """
    keys = _keys(learnt)
    found = _found(top, forms, keys) or _likeliest(top[:HEADER_ROWS_MAX], forms)
    if found is None:
        raise FileProblem("header_unknown", _needed(forms))
    return _placed(*found, keys)


def _keys(learnt: Mapping[str, str] | None) -> dict[str, str]:
    return {header_key(header): column for header, column in (learnt or {}).items()}


def _found(
    top: Sequence[Numbered], forms: Sequence[Form], learnt: Mapping[str, str]
) -> "tuple[_Candidate, Form] | None":
    for form in forms:
        if form.signature:
            wanted = {header_key(header) for header in form.signature}
            for number, cells in top[:HEADER_ROWS_MAX]:
                if wanted <= {header_key(cell) for cell in cells}:
                    return _Candidate((number,), [[cell] for cell in cells]), form
    best: tuple[float, _Candidate, Form] | None = None
    for form in forms:
        if not form.signature:
            for score, candidate in _candidates(top[:HEADER_ROWS_MAX], form, learnt):
                if score >= COLUMNS_KNOWN_MIN and (best is None or score > best[0]):
                    best = (score, candidate, form)
    return best and best[1:]


def _likeliest(top: Sequence[Numbered], forms: Sequence[Form]) -> "tuple[_Candidate, Form] | None":
    filled = [len([cell for cell in cells if cell.strip()]) for _number, cells in top]
    for (number, cells), count in zip(top, filled, strict=True):
        if count >= NEARLY_FULL * max(filled):
            return _Candidate((number,), [[cell] for cell in cells]), _template(forms)
    return None


def score_of(rows: Sequence[Sequence[str]], forms: Sequence[Form], learnt: Mapping[str, str] | None = None) -> float:
    """How many columns of a form the best row of these knows."""
    learnt_keys = {header_key(header): column for header, column in (learnt or {}).items()}
    top = [(number, tuple(row)) for number, row in enumerate(rows[:HEADER_ROWS_MAX])]
    scores = [score for form in forms for score, _candidate in _candidates(top, form, learnt_keys)]
    return max(scores, default=0)


def known_keys(forms: Sequence[Form], learnt: Mapping[str, str] | None = None) -> frozenset[str]:
    """Every header of these forms, as headers are compared."""
    listed = {header_key(header) for form in forms for column in form.columns for header in column.headers}
    return frozenset(listed | {header_key(header) for header in learnt or {}})


def _candidates(top: Sequence[Numbered], form: Form, learnt: Mapping[str, str]) -> list[tuple[float, _Candidate]]:
    """Each row by how many columns it knows, and each two rows that together know more than either alone, or as many
    where the upper one heads columns that the lower one leaves empty.
    """
    names = _names(form)
    singles = [_Candidate((number,), [[cell] for cell in cells]) for number, cells in top]
    scores = [_score(single, names, learnt) for single in singles]
    found: list[tuple[float, _Candidate]] = list(zip(scores, singles, strict=True))
    for position in range(len(top) - 1):
        upper, lower = top[position], top[position + 1]
        double = _two_lines(upper, lower)
        score = _score(double, names, learnt)
        if score > max(scores[position], scores[position + 1]):
            found.append((score, double))
        elif score == scores[position + 1] > scores[position] and _heads_more(upper[1], lower[1]):
            found.append((score + 0.5, double))
    return found


def _heads_more(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Whether a row of at least two words, so no title, stands over cells that the row below leaves empty."""
    filled = [position for position, cell in enumerate(upper) if cell.strip()]
    return len(filled) > 1 and any(position >= len(lower) or not lower[position].strip() for position in filled)


def _two_lines(upper: Numbered, lower: Numbered) -> _Candidate:
    texts: list[list[str]] = []
    above = ""
    for position in range(max(len(upper[1]), len(lower[1]))):
        over = upper[1][position].strip() if position < len(upper[1]) else ""
        under = lower[1][position].strip() if position < len(lower[1]) else ""
        above = over or (above if under else "")
        texts.append([text for text in (above + under, under, over) if text] or [""])
    return _Candidate((upper[0], lower[0]), texts)


def _score(candidate: _Candidate, names: Mapping[str, str], learnt: Mapping[str, str]) -> int:
    found = {_meaning(texts, names, learnt)[0] for texts in candidate.texts}
    return len(found - {""})


def _names(form: Form) -> dict[str, str]:
    names: dict[str, str] = {}
    for column in form.columns:
        for header in column.headers:
            names.setdefault(header_key(header), column.name)
    return names


def _meaning(texts: Sequence[str], names: Mapping[str, str], learnt: Mapping[str, str]) -> tuple[str, str, str]:
    """The column that some words stand for, the words themselves, and how they were understood."""
    for text in texts:
        key = header_key(text)
        if key and key in learnt and not learnt[key]:
            return "", text, "left"
        if key and key in learnt and learnt[key] in names.values():
            return learnt[key], text, "known" if names.get(key) == learnt[key] else "learnt"
        if key and key in names:
            return names[key], text, "known"
    for text in texts:
        key = header_key(without_remark(text))
        if key and key in names:
            return names[key], text, "remark"
    return "", texts[0], "none"


def _placed(candidate: _Candidate, form: Form, learnt: Mapping[str, str]) -> Heading:
    names = _names(form)
    meanings = [_meaning(texts, names, learnt) for texts in candidate.texts]
    while meanings and not meanings[-1][1].strip():
        meanings.pop()
    mapping: list[Mapped] = []
    notes: list[Note] = []
    taken: set[str] = set()
    for position, (column, text, how) in enumerate(meanings):
        header = " ".join(text.split())
        is_second = column in taken and not form.is_whole and column != ""
        mapping.append(Mapped(position, header, column, "twice" if column and column in taken else how))
        if is_second:
            notes.append(Note("header_twice", candidate.rows[-1], header, header, names=(column,)))
        elif how in ("learnt", "remark"):
            notes.append(Note(f"header_{how}", candidate.rows[-1], header, header, names=(column,)))
        elif how == "left":
            notes.append(Note("column_left_out", candidate.rows[-1], header, header))
        elif header and not column and not form.is_whole and not is_ours(header):
            notes.append(Note("column_unknown", candidate.rows[-1], header, header))
        taken.add(column)
    at = {one.column: one.position for one in reversed(mapping) if one.column}
    places = tuple((at[column.name], column) for column in form.columns if column.name in at)
    if len(candidate.rows) == 2:
        notes.append(Note("header_two_lines", candidate.rows[-1]))
    return Heading(form, candidate.rows, tuple(one.header for one in mapping), places, tuple(mapping), tuple(notes))


def _refuse_what_lacks(heading: Heading, top: Sequence[Numbered]) -> None:
    form = heading.form
    there = {column.name for _position, column in heading.places}
    missing = [column for column in form.columns if column.name not in there and (form.is_whole or column.is_needed)]
    if missing:
        has_rows = any(any(cells) for number, cells in top if number > heading.rows[-1])
        code = "columns_missing" if has_rows else "columns_missing_no_rows"
        raise FileProblem(code, [column.name for column in missing])
    present = {column.field for _position, column in heading.places}
    for group in form.any_of:
        if present.isdisjoint(group):
            raise FileProblem("columns_missing", [column.name for column in form.columns if column.field in group])


def _needed(forms: Sequence[Form]) -> list[str]:
    return [column.name for column in _template(forms).columns if column.is_needed]


def _template(forms: Sequence[Form]) -> Form:
    return next((form for form in forms if not form.signature), forms[0])


def is_ours(header: str) -> bool:
    """Whether a header is one that we put into the files we give back."""
    return header_key(header) in {header_key(own) for listed in returned_headers().values() for own in listed}
