"""Reading pictures: a network finds the numbers on them, another one reads each row.

In order: `find` lets the `finder`'s network look at a picture, and makes lines of its maps (`candidates`); `cut` cuts
each of them out; `crops` lays it before the network in several ways, and `row_reader` reads it; `placed_reader` lets
a network for single digits read what stands in each place. `forms` are what a row may read, `number_model` what
numbers look like, `pieces` which ink is whose. `reader` does all of it, and gives a `reading`. The networks come from
a file: `model`, `hand`.
"""
