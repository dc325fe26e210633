"""Cluster specs that come with hpctl: `quickstart` runs them, the documentation shows them."""
