"""Recordings by real tools, held against the journal of the server that they are of: ``python -m tests.recorders``."""
