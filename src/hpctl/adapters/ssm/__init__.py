"""Session Manager's sessions on nodes, spoken natively: the port `facts.session_ports.Sessions` (ADR 15)."""
