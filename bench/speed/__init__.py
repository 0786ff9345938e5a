"""Times, compared with other libraries and of parts of byhand."""
