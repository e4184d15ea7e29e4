"""What can be done with a log's files alone: verify, compare, prove, query and export, without server or secrets.

Everything that is read is taken for hostile: sizes are bounded, names are checked before they become paths, links and
special files aren't followed, and memory doesn't grow with the log.
"""
