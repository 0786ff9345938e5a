"""Paper forms: where their fields are, and what was written into them.

`ruling` finds a page's printed lines and the cells between them, `learn` proposes fields, `template` keeps them in a
TOML file that can be edited. `perspective`, `paper_edge` and `register` lay a scan over the empty form, `cutting` cuts
out what was written, `filling` reads it, `checks` says what a value must satisfy, and `batch` reads many scans.
"""
