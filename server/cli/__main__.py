"""``python -m server.cli`` is ``cryptoserve``."""

import sys

from server.cli import main

sys.exit(main())
