"""Tables of one's own: what becomes of their columns, checked against scikit-learn, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from byhand.core.config import from_config, to_config
from byhand.core.errors import ByhandError
from byhand.data import Table, load, load_table
from byhand.data.columns import read_table

RNG = np.random.default_rng(0)
N = 60
AREA, ROOMS = RNG.normal(80, 25, N), RNG.integers(1, 6, N)
TOWN = np.array(["Ulm", "Bonn", "Köln"])[RNG.integers(0, 3, N)]
PRICE = 3_000 * AREA + 20_000 * (TOWN == "Köln") + RNG.normal(0, 5_000, N)
ROWS = {"area": AREA, "rooms": ROOMS, "town": TOWN, "price": PRICE}


def with_gaps() -> dict:
    rows = {name: column.astype(object) for name, column in ROWS.items()}
    rows["area"][3], rows["area"][7], rows["town"][5] = None, float("nan"), ""
    return rows


def test_columns_become_what_scikit_learn_makes_of_them():
    table = Table.fit(ROWS, "price")
    numbers = StandardScaler().fit_transform(np.c_[AREA, ROOMS])
    towns = OneHotEncoder(sparse_output=False).fit_transform(TOWN[:, None])
    np.testing.assert_allclose(table.encode(ROWS), np.hstack([numbers, towns]), atol=1e-12)
    np.testing.assert_allclose(
        table.encode_label(ROWS), StandardScaler().fit_transform(PRICE[:, None])[:, 0], atol=1e-12
    )
    np.testing.assert_allclose(table.decode(table.encode_label(ROWS)[:, None]), PRICE)
    assert (table.width, table.classes) == (5, ())


def test_missing_values_become_what_scikit_learn_makes_of_them():
    rows = with_gaps()
    with pytest.raises(ByhandError, match=r"'area' lacks 2 values, the first in row 4; .*impute=True \(--impute\)"):
        Table.fit(rows, "price")
    table = Table.fit(rows, "price", impute=True)
    numbers = np.array([np.nan if v is None else v for v in rows["area"]], float)[:, None]
    numbers = StandardScaler().fit(numbers).transform(SimpleImputer().fit_transform(numbers))
    towns = SimpleImputer(missing_values="", strategy="most_frequent").fit_transform(rows["town"][:, None])
    np.testing.assert_allclose(table.encode(rows)[:, 0], numbers[:, 0], atol=1e-12)
    np.testing.assert_array_equal(table.encode(rows)[:, 2:], OneHotEncoder(sparse_output=False).fit_transform(towns))
    assert "filled in in area, town" in str(table)


def test_a_gap_in_a_column_that_had_none_is_refused_at_prediction():
    table = Table.fit(ROWS, "price", impute=True)
    with pytest.raises(ByhandError, match="'rooms' lacks a value, in row 1"):
        table.encode({"area": [1.0], "rooms": [None], "town": ["Ulm"]})


@pytest.mark.parametrize("impute", [False, True])
def test_a_table_comes_back_from_its_configuration(impute):
    table = Table.fit(with_gaps() if impute else ROWS, "price", impute=impute)
    assert from_config(to_config(table)) == table


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            {"area": [1], "rooms": [2], "town": ["Rom"]},
            "'town', row 1: 'Rom' is none of .*: Bonn, Köln",
        ),
        ({"area": [1], "rooms": [2]}, "has no column 'town'; its columns are area, rooms"),
        ({"area": ["big"], "rooms": [2], "town": ["Ulm"]}, "The column 'area', row 1: 'big' is not a number"),
        ({"area": [np.inf], "rooms": [2], "town": ["Ulm"]}, "row 1: inf is not a finite number"),
        ({"area": [1, 2], "rooms": [2], "town": ["Ulm"]}, "different lengths: 1, 2"),
        ({}, "holds no rows"),
        ([1, 2], "a dictionary of columns or a data frame; got list"),
    ],
)
def test_rows_that_do_not_fit_are_refused(rows, words):
    with pytest.raises(ByhandError, match=words):
        Table.fit(ROWS, "price").encode(rows)


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({}, {"label": "cost"}, "no column 'cost'; its columns are area, rooms, town, price"),
        ({}, {"ignore": ["garden"]}, "no column 'garden'"),
        ({}, {"ignore": ["area", "rooms", "town"]}, "no column to predict 'price' from"),
        ({"name": [f"owner {i}" for i in range(N)] * 1}, {}, None),
        ({"name": [str(i) + "a" for i in range(N)] * 2}, {}, "different lengths"),
        ({"price": [*PRICE[:-1], None]}, {"impute": True}, "'price' lacks a value, in row 60"),
        ({"empty": [None] * N}, {"impute": True}, r"'empty' holds no values; leave it out: ignore=\['empty'\]"),
        ({"price": ["dear"] * N}, {}, "is always 'dear', so there is nothing to predict"),
        ({"price": ["dear", "cheap"] * 30}, {"task": "numbers"}, "holds texts, which are classes"),
        ({}, {"task": "regression"}, "task must be 'numbers' or 'classes'"),
    ],
)
def test_tables_that_cannot_be_fitted_are_refused(changes, options, words):
    def fit():
        return Table.fit(ROWS | changes, **{"label": "price"} | options)

    if words is None:
        assert fit().width == 5 + N
        return
    with pytest.raises(ByhandError, match=words):
        fit()


def test_names_and_the_like_are_no_categories():
    rows = {"name": [f"owner {i}" for i in range(200)], "x": range(200), "y": np.arange(200) / 7}
    with pytest.raises(ByhandError, match=r"'name' holds 200 different texts.*ignore=\['name'\] \(--ignore 'name'\)"):
        Table.fit(rows, "y")
    assert Table.fit(rows, "y", ignore=["name"]).width == 1


def test_a_constant_column_does_no_harm():
    table = Table.fit({"a": [2.0] * 9, "y": np.arange(9) / 7}, "y")
    assert table.encode({"a": [2.0, 3.0]}).tolist() == [[0.0], [1.0]]


# --- files


def csv_of(rows: dict, path: Path, separator: str = ",") -> Path:
    lines = [separator.join(rows), *(separator.join(map(str, row)) for row in zip(*rows.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("label", ["price", 3, -1])
def test_a_csv_gives_rows_to_learn_from_and_rows_to_test_with(label, separator, tmp_path):
    data = load(csv_of(ROWS, tmp_path / "prices.csv", separator), label=label)
    assert (data.x_train.shape, data.x_test.shape, data.y_test.shape) == ((48, 5), (12, 5), (12,))
    assert (data.classes, data.image_shape) == ((), None)
    assert repr(data) == "<Dataset prices.csv: 48 training and 12 test rows of 5 features, numbers to predict>"
    np.testing.assert_allclose(data.x_train[:, :2].mean(axis=0), 0, atol=1e-6)  # fitted on these rows alone
    np.testing.assert_allclose(data.x_train[:, :2].std(axis=0), 1, atol=1e-6)
    both = np.r_[data.y_train, data.y_test].astype(float)[:, None]
    np.testing.assert_allclose(np.sort(data.table.decode(both)), np.sort(PRICE), rtol=1e-5)


def test_classes_keep_their_shares_and_their_names(tmp_path):
    data = load(csv_of(ROWS | {"price": np.where(PRICE > 240_000, "dear", "cheap")}, tmp_path / "a.csv"), label="price")
    assert data.classes == ("cheap", "dear")
    share = (PRICE > 240_000).mean()
    assert data.y_test.mean() == pytest.approx(share, abs=0.05)
    assert data.y_train.dtype == np.int64


def test_few_whole_numbers_are_taken_for_classes_and_it_is_said():
    with pytest.warns(UserWarning, match="rooms has 5 different whole numbers, which are taken for classes"):
        assert load(ROWS, label="rooms").classes == ("1", "2", "3", "4", "5")
    assert load(ROWS, label="rooms", task="numbers").classes == ()


def test_a_rare_text_may_stand_in_a_test_row_alone():
    for row in range(N):  # of 60 rows 12 are for testing: some of these towns are met there only
        towns = TOWN.copy()
        towns[row] = "Trier"
        data = load(ROWS | {"town": towns}, label="price")
        assert data.x_train.shape[1] == 6
        assert data.x_train[:, 4].sum() + data.x_test[:, 4].sum() == 1


def test_what_is_filled_in_comes_from_the_rows_to_learn_from():
    rows = with_gaps()
    rows["area"][9] = 1e6  # a row that is not to be learnt from
    on = np.delete(np.arange(N), 9)
    table = Table.fit(rows, "price", impute=True, on=on)
    known = [rows["area"][i] for i in on if rows["area"][i] is not None and rows["area"][i] == rows["area"][i]]
    assert table.inputs[0].mean == pytest.approx(np.mean(known))
    assert table.inputs[0].spread == pytest.approx(np.std(known))


def test_a_gap_is_named_by_its_row_in_the_file(tmp_path):
    for row in (1, 30, 60):
        rows = {name: column.astype(object) for name, column in ROWS.items()}
        rows["area"][row - 1] = ""
        with pytest.raises(ByhandError, match=f"'area' lacks a value, in row {row};"):
            load(csv_of(rows, tmp_path / "a.csv"), label="price")


class Frame:
    """What pandas and polars have in common."""

    columns = list(ROWS)

    def __getitem__(self, name):
        return ROWS[name]


def test_dictionaries_and_data_frames_are_tables():
    one, other = load(ROWS, label="price"), load_table(Frame(), "price")
    np.testing.assert_array_equal(one.x_train, other.x_train)
    assert load_table(ROWS, "price", test=0).x_test is None


def test_a_header_may_name_the_label(tmp_path):
    assert load(csv_of(ROWS | {"target": PRICE}, tmp_path / "a.csv"), ignore=["price"]).table.label.name == "target"
    with pytest.raises(ByhandError, match=r"a\.csv: Say which column|Say which column of a\.csv to predict"):
        load(csv_of(ROWS, tmp_path / "a.csv"), impute=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no rows"),
        ("a,b\n", "holds no rows below its header"),
        ("a,b\n1,2\n3\n", "row 2 has 1 cells, but there are 2 columns"),
        ("a,b,a\n1,2,3\n", "two columns called 'a'"),
        ('a,b\n"1,2\n', "not a CSV file"),
    ],
)
def test_files_that_are_no_tables_are_refused(text, words, tmp_path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ByhandError, match=words):
        read_table(tmp_path / "a.csv")


def test_quotes_a_mark_at_the_start_and_no_header_are_read(tmp_path):
    (tmp_path / "a.csv").write_bytes('\ufeff"a, b",c\r\n"x ""y""",1\r\n\r\n'.encode())
    columns = read_table(tmp_path / "a.csv")
    assert list(columns) == ["a, b", "c"]
    assert columns["a, b"].texts().tolist() == ['x "y"']
    (tmp_path / "b.csv").write_text("1,2.5\n3,4\n")
    assert {name: column.numbers().tolist() for name, column in read_table(tmp_path / "b.csv").items()} == {
        "0": [1, 3],
        "1": [2.5, 4],
    }


def test_what_only_tables_have_is_refused_for_other_data():
    with pytest.raises(ByhandError, match="only a table"):
        load("mnist", label="price")
