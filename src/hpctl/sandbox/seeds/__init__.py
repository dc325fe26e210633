"""The account that a new sandbox starts with: what a team has before its first cluster, and the usual mistakes.

It is made through the sandbox's own API, as any user would, so that the journal holds it like the rest.
"""
