"""Documents in, records out: files with pages, folders and lists of them, read one after the other or in processes.

`sources` goes through files, folders and lists, `pages` opens each page, `options` says what is read on it, `batch`
reads all of them, `formats` writes text, JSON lines, CSV and hOCR, and `output` writes a file that can be resumed.
"""
