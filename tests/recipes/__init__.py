"""What the tests of recipes share."""

# Those for sequences: their networks are not programs in NumPy or PyTorch yet.
SEQUENCE_RECIPES = {"rows", "pixels", "adding", "adding-gru", "adding-rnn", "sums", "surnames", "vowels"}
SEQUENCE_RECIPES |= {"airline", "sunspots", "shakespeare-lstm"}
TRANSFORMERS = {"shakespeare", "addition", "sorting", "vit", "vit-4"}  # no program is written of their layers
