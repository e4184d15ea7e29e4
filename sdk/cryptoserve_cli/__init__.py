"""The program ``cryptoserve``: a dispatcher, and the commands that need only the SDK.

Other distributions, the server's first of all, add commands by entry points (``command``). The package is apart from
``cryptoserve``, so that a server can use it without loading the client.
"""
