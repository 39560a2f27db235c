"""What the gate of the first environment leaves out: there is no environment before it to look at."""

# What these groups ask is looked up in a target: that of the environment before, and the first has none before it.
OF_TARGET = frozenset({"database-schema", "data-integrity", "application-integration"})


def is_left_out(group_key: str) -> bool:
    """Whether the gate of the first environment leaves a group out."""
    return group_key in OF_TARGET
