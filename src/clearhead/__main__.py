"""`python -m clearhead` is the same as `clearhead`."""

import sys

from clearhead.cli import main

sys.exit(main())
