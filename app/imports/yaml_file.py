"""Templates from YAML and JSON files: the same structure in two spellings."""

from app.domain.template_content import Imported
from app.imports.nodes import nodes_of_json, nodes_of_yaml
from app.imports.structure import read_structure


def read_yaml(text: str) -> Imported:
    """The template that a YAML file says; refused with sentences that name the line or the item."""
    return read_structure(nodes_of_yaml(text))


def read_json(text: str) -> Imported:
    """The template that a JSON file says; refused likewise."""
    return read_structure(nodes_of_json(text))
