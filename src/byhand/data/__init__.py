"""Data as plain arrays: sources, readers, splits and scaling; independent of networks."""

from byhand.data.cache import cache_folder
from byhand.data.cifar import read_cifar
from byhand.data.csv import read_csv
from byhand.data.dataset import Dataset, check_arrays, from_arrays
from byhand.data.fetch import fetch
from byhand.data.folder import read_folder, read_image
from byhand.data.idx import read_images, read_labels, write_idx
from byhand.data.load import DATA_SETS, Listed, listing, load
from byhand.data.load_table import load_table
from byhand.data.npz import read_npz
from byhand.data.pickled import read_pickled
from byhand.data.scaling import MinMax, minmax
from byhand.data.sequences import filled_up, load_lines, load_recordings
from byhand.data.series import load_series, read_series, series_windows
from byhand.data.splits import sklearn_order_split, split, split_rows
from byhand.data.table import Table
from byhand.data.text import characters_of, from_tokens, load_text, read_text, text_windows, to_tokens
from byhand.data.ts_file import load_ts, read_ts

__all__ = [
    "DATA_SETS",
    "Dataset",
    "Listed",
    "MinMax",
    "Table",
    "cache_folder",
    "characters_of",
    "check_arrays",
    "fetch",
    "filled_up",
    "from_arrays",
    "from_tokens",
    "listing",
    "load",
    "load_lines",
    "load_recordings",
    "load_series",
    "load_table",
    "load_text",
    "load_ts",
    "minmax",
    "read_cifar",
    "read_csv",
    "read_folder",
    "read_image",
    "read_images",
    "read_labels",
    "read_npz",
    "read_pickled",
    "read_series",
    "read_text",
    "read_ts",
    "series_windows",
    "sklearn_order_split",
    "split",
    "split_rows",
    "text_windows",
    "to_tokens",
    "write_idx",
]
