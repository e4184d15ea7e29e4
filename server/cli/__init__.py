"""The server's commands of the program ``cryptoserve``: run a server, and handle its files, status and audit.

The program is ``cryptoserve_cli`` of the SDK, which finds them by their entry points. All else is done by the stock
``bao`` and ``vault`` clients over the API.
"""
