"""Reports on the inventory for requirements of others, item by item.

What the server can tell stands there with its numbers. What only people can tell, such as who reviews the inventory, is
an item too, and open: a report that left it out would look complete.
"""
