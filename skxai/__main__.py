"""`python -m skxai` is `skxai`."""

import sys

from .cli import main

sys.exit(main())
