"""The worker, for `make run` and for production: python tools/work.py. Does what is done without a request."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402 - found through the line above
from app.worker import main  # noqa: E402 - as above

if __name__ == "__main__":
    os.chdir(ROOT)
    main.run(create_app(may_migrate=False))
