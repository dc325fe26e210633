"""The agreement between a task's nodes: Python's standard library only, 3.7 or later, for it runs in users' images."""
