"""Offline operations on a log's files: verify, compare, prove, query and export, without server or secrets.

Everything that is read is taken for hostile: sizes are bounded, names are checked before they become paths, links and
special files aren't followed, and memory doesn't grow with the log.
"""
