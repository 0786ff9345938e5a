"""A network as one file of plain C, for microcontrollers and everything else that has a C compiler."""
