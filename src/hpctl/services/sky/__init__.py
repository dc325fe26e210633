"""SkyPilot for a cluster: set up in an environment of its own, and asked what it thinks of the cluster."""
