"""Files on the disk, and what they are by their content."""
