"""Indexes: which entries of a log may fit a query, one file for the entries below each full tile of level 1.

An index is a cache. It is authenticated by a key in storage, bound to the root of its entries, made again where it is
missing or wrong, and only says where to look: every entry found is read from the log and proven.

`file` is the layout of an index file; `part` what it says of 65,536 entries; `making` makes them, in a process of its
own that `keeper` starts; `search` answers queries and finds requests.
"""
