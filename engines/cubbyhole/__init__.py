"""The cubbyhole engine, built in at ``cubbyhole/``: a private place for each token, which is gone with the token.

Where things are kept is not the mount's own storage but the token's, which the core hands in as ``Drawers``: so nobody
else's is within reach, and what a token has kept is removed in the moment the token is.
"""
