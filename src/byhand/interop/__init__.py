"""Other people's conventions: byhand's networks as parts of their systems. Each file imports its own system."""
