"""Reports on the inventory for requirements of others, item by item.

Items that the server can answer have its numbers. Items that only people can answer, such as the reviewer of the
inventory, are listed as open: without them a report would look complete.
"""
