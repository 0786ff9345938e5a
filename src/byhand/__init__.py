"""Neural networks with every derivative worked out by hand."""
