"""Decision: actions out of wish and world, and `apply`, the only place that changes anything."""
