"""What runs in a job's containers before and around the user's scripts: shell, and `agent/` for several nodes.

Nothing here is imported by hpctl: `compile.scripts` reads these files and puts them into a ConfigMap.
"""
