"""Entries for other systems: in their formats, to files, sockets and HTTP, with a cursor that outlives the process.

Each record carries its index in the log as its id, so that what comes twice after a failure can be told.
"""
