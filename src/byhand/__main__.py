"""`python -m byhand` is the command line."""

from byhand.cli.main import main

main()
