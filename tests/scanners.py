"""A scanner for tests: a real program of a few lines. What it finds is the test string that all scanners know."""

import sys
from pathlib import Path

# In pieces, so that no scanner stops at this file.
EICAR = "".join(("X5O!P%@AP[4", "\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!", "$H+H*")).encode()
LOOKS = "import sys; raise SystemExit(b'EICAR-STANDARD' in sys.stdin.buffer.read())"


def script(directory: Path, does: str = LOOKS) -> str:
    """A program that does something with what it gets; the path of it."""
    path = directory / "scanner"
    path.write_text(f"#!{sys.executable} -IS\n{does}\n")
    path.chmod(0o700)
    return str(path)
