"""The files that deploy a server, in packaging/ and beside it, held against the server."""
