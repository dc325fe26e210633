"""A proxy that lets the network and AWS have a bad day: it passes requests on, keeps a list of them, and strikes some.

`FaultProxy` is all of it behind one object; the sandbox's server stands behind one, and tests start their own.
"""
