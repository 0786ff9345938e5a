"""Reading handwriting: from a picture to the images that the networks learn from, and writing to learn from.

In order: `image` opens a picture, `ink` finds the writing on the paper, `components` tells its pieces apart,
`prepare` makes the network's image of one digit. Of a page with more on it, `writing` finds the
ink that is writing, `ruled` what is printed lines, `lines` puts its pieces into lines, and `row_image` gives each the
contrast that the row reader knows.

Writing of its own: `forms` are how digits are written, `strokes` what a hand makes of them, `pens` the ink that is
left; `drawn` puts single digits together, `glyphs` stocks of them, `compose` rows, `paper` what rows are written on and
how they are photographed, `rows` batches of them, `page` whole pages.
"""
