"""``python -m cryptoserve`` is the program ``cryptoserve``."""

import sys

from cryptoserve_cli.entry import main

sys.exit(main())
