"""Check digits against published examples, dates against the calendar, numbers as people write them."""

from decimal import Decimal

import pytest

from byhand.forms.checks import CHECKS, is_date, number_in

VALID = {
    "luhn": ["79927398713", "4111111111111111", "0"],  # the usual example; a card for tests
    "ean": ["4006381333931", "9780306406157", "96385074"],  # EAN-13, ISBN-13, EAN-8
    "isbn10": ["0306406152", "0747532699"],
    "iso7064": ["79444"],  # ISO 7064 mod 97, 10: 794 has the check digits 44
}


@pytest.mark.parametrize(("name", "digits"), [(name, digits) for name, all in VALID.items() for digits in all])
def test_published_numbers_pass_and_no_other_digit_does(name, digits):
    check = CHECKS[name]
    assert check(digits)
    for k in range(len(digits)):
        for other in "0123456789".replace(digits[k], ""):
            assert not check(digits[:k] + other + digits[k + 1 :])


def test_dates():
    assert is_date("29022024", "ddmmyyyy") and not is_date("29022023", "ddmmyyyy")
    assert is_date("311299", "ddmmyy") and not is_date("311199", "ddmmyy")
    assert is_date("2024-2-29", "yyyymmdd") and is_date("3.4.24", "ddmmyy") and is_date("12/31/1999", "mmddyyyy")
    assert not is_date("1234", "ddmmyy") and not is_date("", "ddmmyy") and not is_date("1.2.3.4", "ddmmyy")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[
            ("12", "12"),
            (" 07", "7"),
            ("1.234,50", "1234.50"),
            ("1,234.50", "1234.50"),
            ("1.234", "1234"),
            ("12,5", "12.5"),
        ],
        *[("-3", "-3"), ("€ 5.00", "5.00"), ("1 234", "1234"), (".5", "0.5")],
    ],
)
def test_numbers(text, value):
    assert number_in(text) == Decimal(value)


def test_no_number():
    assert number_in("") is None and number_in("-") is None
