"""The application as servers load it: settings from the environment."""

from app import create_app

app = create_app()
