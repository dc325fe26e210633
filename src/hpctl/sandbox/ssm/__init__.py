"""Session Manager in the sandbox: its operations and its sessions; the agent is a room of its own."""
