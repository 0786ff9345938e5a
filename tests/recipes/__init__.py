"""What the tests of recipes share."""

# Those for sequences, whose samples are no images.
SEQUENCE_RECIPES = {"rows", "pixels", "permuted-pixels", "adding", "adding-gru", "adding-rnn", "sums", "surnames"}
SEQUENCE_RECIPES |= {"vowels", "airline", "sunspots", "shakespeare-lstm"}
TRANSFORMERS = {
    "shakespeare",
    "shakespeare-hour",
    "addition",
    "sorting",
    "vit",
    "vit-4",
    "surnames-attention",
    "reviews",
}
