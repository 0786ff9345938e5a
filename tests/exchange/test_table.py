"""The table in docs/exchange.md is what trying gives."""

from pathlib import Path

import pytest

pytest.importorskip("onnx")


def test_the_pages_table():
    from tests.exchange.table import table

    page = Path(__file__).parents[2] / "docs" / "exchange.md"
    assert table() in page.read_text(encoding="utf-8")
