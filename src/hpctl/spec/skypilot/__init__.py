"""SkyPilot's task YAML (dialect of 0.14.1), read into a job."""
