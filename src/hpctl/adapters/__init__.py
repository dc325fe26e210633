"""The outside world behind the ports of `facts.ports`: AWS and this machine."""
