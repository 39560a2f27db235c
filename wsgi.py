"""The application as servers load it: settings from the environment."""

import gc

# Nothing that is imported is ever garbage: looking through it again and again takes a quarter of the time to start.
gc.disable()

from app import create_app  # noqa: E402 - with the collector at rest

app = create_app()
gc.freeze()
gc.enable()
