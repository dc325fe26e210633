"""The container runtime: a process that starts others in namespaces. It imports the standard library alone.

On Linux as root it is the first process of a PID namespace of its own, and its network namespace holds the pods'
bridge. So when it ends, even by SIGKILL, the kernel ends every process of every pod, and takes their mounts, links and
addresses away. Nothing of it ever shows in the machine's own namespaces. Elsewhere pods share the machine's loopback
and files, and the runtime ends what it started when the server's socket closes.

It forks rather than starting interpreters: a container costs two forks, and no import.
"""

from __future__ import annotations
