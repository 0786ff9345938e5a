"""Data as plain arrays: sources, readers, splits and scaling; knows nothing of networks."""

from byhand.data.cache import cache_folder
from byhand.data.csv import read_csv
from byhand.data.dataset import Dataset, check_arrays, from_arrays
from byhand.data.fetch import fetch
from byhand.data.idx import read_images, read_labels, write_idx
from byhand.data.load import Listed, listing, load

__all__ = [
    "Dataset",
    "Listed",
    "cache_folder",
    "check_arrays",
    "fetch",
    "from_arrays",
    "listing",
    "load",
    "read_csv",
    "read_images",
    "read_labels",
    "write_idx",
]
