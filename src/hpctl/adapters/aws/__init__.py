"""AWS through botocore; imported when a command first needs it, never for `--help`."""
