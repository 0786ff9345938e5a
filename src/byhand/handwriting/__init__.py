"""The project's own handwriting: forms of digits, hands, pens, paper and pages, for readers to learn from."""
