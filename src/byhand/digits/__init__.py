"""Reading handwriting: from a picture to the 28 × 28 images that the networks learn from.

In order: `image` opens a picture, `ink` finds the writing on the paper, `components` tells its pieces apart,
`prepare` makes the network's image of one digit. `drawn` draws digits of its own, to try the reader on.
"""
