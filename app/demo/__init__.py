"""A made-up company, to try the product on: built through the same services that a person uses."""
