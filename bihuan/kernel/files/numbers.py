"""Numbers that are names: of documents, telephones, post offices. A spreadsheet that counts with them spoils them, and
how it did can be seen.
"""

import re
from datetime import date

from .dates import Bad

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
RESIDENT = "resident_id"
RESIDENT_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")
SCIENTIFIC = re.compile(r"\d(?:\.\d*)?[Ee]\+?\d{1,2}")
DECIMAL = re.compile(r"(\d{1,15})\.0+", re.ASCII)
LOOKALIKES = str.maketrans({"O": "0", "\u041e": "0", "L": "1", "I": "1"})
LETTER_X = str.maketrans(dict.fromkeys("x\u00d7\u0425\u0445\u03a7\u2715*", "X"))
DOCUMENT_LENGTH_MAX = 40
SEPARATORS = re.compile(r"[\s\-\u2010-\u2015]")
LIST = re.compile(r"\s*[/,;\u3001|\uff0c\uff1b]\s*|\s+(?:or|and)\s+")
PHONE = re.compile(r"\+?[0-9 ().\-/]+")
EXTENSION = re.compile(r"\s*(?:x|ext\.?)\s*\d+$", re.IGNORECASE)
MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
MOBILE_PREFIXED = re.compile(r"(?:\+|00)?86[\s-]?(1[3-9]\d[\s-]?\d{4}[\s-]?\d{4})", re.ASCII)
AREA_WITHOUT_ZERO = re.compile(r"(?:10|2\d|[3-9]\d\d)[2-9]\d{6,7}")
POSTAL = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 \-]{2,9}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
PHONE_DIGITS_MIN, PHONE_DIGITS_MAX = 7, 15


def check_character(first17: str) -> str:
    """The eighteenth character of a resident ID (GB 11643-1999; ISO 7064 MOD 11-2)."""
    total = 0
    for weight, digit in zip(WEIGHTS, first17, strict=True):
        total += weight * int(digit)
    return CHECK_CHARACTERS[total % 11]


def document_number(text: str, document: str, on: date, is_foreign: bool) -> tuple[str, list[str]]:
    """The number of a document. `document` is its kind where the row says it; a number that looks like a resident ID
    is taken for one where it does not. Raises Bad.
    """
    codes: list[str] = []
    if SCIENTIFIC.fullmatch(text):
        raise Bad("id_scientific")
    if decimal := DECIMAL.fullmatch(text):
        text = decimal[1]
        codes.append("number_decimal")
    number = text
    if not (number.isascii() and number.isalnum()):
        parts = LIST.split(number)
        if len(parts) > 1 and all(len(part) >= 7 for part in parts):
            raise Bad("several_values")
        number = SEPARATORS.sub("", number)
        if number != text:
            codes.append("id_separated")
    if document == RESIDENT or (document == "" and _looks_resident(number, is_foreign)):
        number, found = _resident(number, on)
        return number, codes + found
    number = number.upper()
    if not number.isalnum() or len(number) > DOCUMENT_LENGTH_MAX:
        raise Bad("id_form")
    return number, codes


def _looks_resident(number: str, is_foreign: bool) -> bool:
    if is_foreign:
        return len(number) == 18 and number[:17].isdigit()
    if len(number) in (17, 18, 19):
        return sum(sign.isdigit() for sign in number) >= 14
    return (len(number) == 15 and number.isdigit() and _born("19" + number[6:12]) is not None) or (
        len(number) == 16 and number.isdigit()
    )


def _resident(number: str, on: date) -> tuple[str, list[str]]:
    codes: list[str] = []
    if len(number) == 15 and number.isdigit() and number.isascii():
        number = f"{number[:6]}19{number[6:]}"
        number += check_character(number)
        codes.append("id_fifteen")
    if len(number) != 18:
        raise Bad("id_length")
    if not RESIDENT_SHAPE.fullmatch(number):
        number, code = _respelt(number)
        codes.append(code)
    born = _born(number[6:14])
    fits = check_character(number[:17]) == number[17]
    if born is None or born > on or on.year - born.year > 130:
        raise Bad("id_precision" if number.endswith("000") and not fits else "id_birth")
    if not fits:
        raise Bad("id_precision" if number.endswith("000") else "id_checksum")
    if number.endswith("000"):
        codes.append("id_maybe_lost")
    if not PROVINCE.match(number):
        codes.append("id_province")
    return number, codes


def _respelt(number: str) -> tuple[str, str]:
    """A number whose last character is some other x, or that has letters for digits and then passes its check."""
    with_x = number[:17] + number[17].translate(LETTER_X)
    if RESIDENT_SHAPE.fullmatch(with_x):
        return with_x, "id_letter_x"
    upper = number.upper()
    digits = upper[:17].translate(LOOKALIKES) + upper[17].translate(LETTER_X).translate(LOOKALIKES)
    if RESIDENT_SHAPE.fullmatch(digits) and check_character(digits[:17]) == digits[17]:
        return digits, "id_letters_for_digits"
    raise Bad("id_characters")


def _born(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def phone(text: str, is_foreign: bool) -> tuple[str, list[str]]:
    """A telephone number: seven to fifteen digits, a leading plus kept. Raises Bad."""
    if MOBILE.fullmatch(text):
        return text, []
    codes: list[str] = []
    if SCIENTIFIC.fullmatch(text):
        raise Bad("number_scientific")
    if decimal := DECIMAL.fullmatch(text):
        text = decimal[1]
        codes.append("number_decimal")
    if prefixed := MOBILE_PREFIXED.fullmatch(text):
        return re.sub(r"[\s-]", "", prefixed[1]), [*codes, "phone_prefix"]
    parts = [part for part in LIST.split(EXTENSION.sub("", text)) if part]
    if len(parts) > 1 and all(_digits(part) >= PHONE_DIGITS_MIN for part in parts):
        first, found = phone(parts[0], is_foreign)
        return first, [*codes, *found, "phones_several"]
    body = EXTENSION.sub("", text)
    if not PHONE.fullmatch(body):
        raise Bad("phone_form")
    digits = re.sub(r"\D", "", body)
    if not PHONE_DIGITS_MIN <= len(digits) <= PHONE_DIGITS_MAX:
        raise Bad("phone_length")
    if not is_foreign and body == digits:
        if len(digits) == 11 and digits[0] == "1":
            if digits[1] in "012":
                codes.append("phone_no_mobile")
        elif AREA_WITHOUT_ZERO.fullmatch(digits) and len(digits) in (10, 11):
            return f"0{digits}", [*codes, "phone_zero_lost"]
    return ("+" if body.startswith("+") else "") + digits, codes


def phone_us(text: str) -> tuple[str, list[str]]:
    """A telephone number of a North American form: an area code of ten digits does not begin with 0 or 1."""
    number, codes = phone(text, is_foreign=True)
    local = number.removeprefix("+1") if number.startswith("+1") else number
    local = local[1:] if len(local) == 11 and local.startswith("1") else local
    if len(local) == 10 and local[0] in "01":
        raise Bad("phone_area_code")
    return number, codes


def _digits(text: str) -> int:
    return sum(sign.isdigit() for sign in text)


def postal(text: str, is_foreign: bool) -> tuple[str, list[str]]:
    """A postal code; one that has lost a leading zero gets it back. Raises Bad."""
    width = 5 if is_foreign else 6
    if text.isdigit() and width > len(text) >= width - 1:
        return text.zfill(width), ["zero_lost"]
    if not POSTAL.fullmatch(text):
        raise Bad("postal_form")
    return text, []


def email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise Bad("email_form")
    return text


def digits(text: str) -> tuple[str, list[str]]:
    if decimal := DECIMAL.fullmatch(text):
        return decimal[1], ["number_decimal"]
    if SCIENTIFIC.fullmatch(text):
        raise Bad("number_scientific")
    if not re.fullmatch(r"\d+", text):
        raise Bad("not_digits")
    return text, []
