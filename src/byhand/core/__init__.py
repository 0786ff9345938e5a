"""What everything else stands on: errors, checks, types, configuration, files, and the arrays that passes work in."""
