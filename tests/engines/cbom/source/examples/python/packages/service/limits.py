import os

ROUNDS = 1000
NAME = os.environ.get("DIGEST", "md5")
