"""Use cases of development pods."""
