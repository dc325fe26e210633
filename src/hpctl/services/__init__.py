"""Use cases, a module a noun: specs and ports in, reports out."""
