"""Several processes that serve as one: a supervisor that holds the sockets, and workers that are forked from it.

supervisor.py  starts workers, replaces those that end, passes signals on, and ends with them
keeper.py      the supervisor's copy of the shared state (``server.seal.shared_state``), and whose turn it is
commons.py     a worker's access to that state
worker.py      a worker's life, from the fork to its exit
messages.py    what the two say to each other, over a socket pair that was there before the fork
"""
