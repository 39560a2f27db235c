"""Files in, template content out. Nothing here knows a table."""
