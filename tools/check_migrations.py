"""Proves on an empty database that the migrations go up, down and up again, and that the models need no other."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.servers import fresh_database, running_server  # noqa: E402 - found through the line above

STEPS = (["upgrade"], ["downgrade", "base"], ["upgrade"], ["check"])


def main() -> int:
    """Run the steps; the code of the first that fails."""
    with running_server() as server, tempfile.TemporaryDirectory() as data:
        url = fresh_database(server, "countersign_test_migrations")
        env = {**os.environ, "DATABASE_URL": url, "COUNTERSIGN_DATA": data}
        for step in STEPS:
            command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", *step]
            code = subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
            if code:
                print(f"Migrations: {' '.join(step)} failed.", file=sys.stderr)
                return code
    print("Migrations: up, down and up again; the models need no other.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
