"""What docs/tuning.md shows works."""

import re
import tomllib
from pathlib import Path

from byhand.recipes import RECIPES
from byhand.tuning import Space
from byhand.tuning.search import Grid

PAGE = (Path(__file__).parents[2] / "docs/tuning.md").read_text()


def test_the_space_of_the_documentation_fits_the_recipe():
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    space = Space.of(tomllib.loads(text))
    space.check(RECIPES["dense"])
    assert Grid(space, 0).total == 3 * 3 * 3 * 16 * 7 * 5
