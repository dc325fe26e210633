"""The queues by which teams share a cluster."""
