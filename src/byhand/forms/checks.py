"""What a value must satisfy beside its pattern: check digits, dates, ranges, sums."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

DATE_FORMATS = ("ddmmyyyy", "mmddyyyy", "yyyymmdd", "ddmmyy", "mmddyy", "yymmdd")
CENTURY = 70  # years of two digits from here on are of the 1900s


def luhn(digits: str) -> bool:
    """Cards, many account numbers: every second digit from the right doubled, 9 less above 9; the sum ends in 0."""
    doubled = [int(d) if i % 2 == 0 else sum(divmod(2 * int(d), 10)) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def ean(digits: str) -> bool:
    """Articles (EAN, GTIN, ISBN-13): weights 1 and 3 by turns from the right; the sum ends in 0."""
    return sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(reversed(digits))) % 10 == 0


def isbn10(digits: str) -> bool:
    """Books until 2006: weights 10 to 1; the sum is a multiple of 11. The last one may be X, which is not read."""
    return len(digits) == 10 and sum((10 - i) * int(d) for i, d in enumerate(digits)) % 11 == 0


def iso7064(digits: str) -> bool:
    """ISO 7064 mod 97, 10, with two check digits at the end: the number leaves 1."""
    return len(digits) > 2 and int(digits) % 97 == 1


CHECKS: dict[str, Callable[[str], bool]] = {"luhn": luhn, "ean": ean, "isbn10": isbn10, "iso7064": iso7064}


def is_date(text: str, form: str) -> bool:
    """Whether the digits of a text, in the order of `form`, are a day of the calendar; one-digit days need a sign.

    A text with signs between day, month and year may leave out leading zeros.
    """
    parts = "".join(c if c.isdigit() else " " for c in text).split()
    order = list(dict.fromkeys(form))  # d, m, y in their order
    if len(parts) == 1 and len(parts[0]) == len(form):
        parts = ["".join(c for c, of in zip(parts[0], form, strict=True) if of == name) for name in order]
    if len(parts) != 3:
        return False
    named = dict(zip(order, map(int, parts), strict=True))
    if len(parts[order.index("y")]) == 2:
        named["y"] += 1900 if named["y"] >= CENTURY else 2000
    try:
        date(named["y"], named["m"], named["d"])
    except ValueError:
        return False
    return True


def number_in(text: str) -> Decimal | None:
    """The number that a text says, or None: spaces and signs of thousands left out, "1.234,50" as well as "1,234.50".

    The last point or comma is the decimal sign unless exactly three digits follow it.
    """
    kept = "".join(c for c in text if c.isdigit() or c in ".,-")
    negative = kept.startswith("-")
    kept = kept.replace("-", "")
    at = max(kept.rfind("."), kept.rfind(","))
    whole, rest = (kept[:at], kept[at + 1 :]) if at >= 0 else (kept, "")
    if len(rest) == 3 and whole:
        whole, rest = whole + rest, ""
    try:
        value = Decimal(whole.replace(".", "").replace(",", "") + ("." + rest if rest else ""))
    except InvalidOperation:
        return None
    return -value if negative else value
