"""Who is who: how strongly two records speak of one human being, and what may be concluded from it.

A pair of records is compared field by field, each agreement becomes a level, each level a weight, and the sum one of
three outcomes: match, possible, different. A value that is missing says nothing; a value that conflicts says something.
It knows no register, enters nobody and merges nobody: whoever asks decides what a match may lead to.

Method: Fellegi and Sunter, A Theory for Record Linkage, JASA 64 (1969) 1183-1210; probabilities by expectation and
maximisation (Winkler 1988) on unlabelled pairs. How they were estimated and how well they do: docs/methods/matching.md.
"""

from bihuan.science.linkage.comparing import FIELDS, Levels, compare
from bihuan.science.linkage.numbers import check_character, is_resident_id
from bihuan.science.linkage.records import Prepared, Record, candidates, keys, prepare, sound
from bihuan.science.linkage.weighing import Outcome, Verdict, Weights, estimate, published

__all__ = [
    "FIELDS",
    "Levels",
    "Outcome",
    "Prepared",
    "Record",
    "Verdict",
    "Weights",
    "candidates",
    "check_character",
    "compare",
    "estimate",
    "is_resident_id",
    "keys",
    "prepare",
    "published",
    "sound",
]
