"""What hpctl runs on a node; each module is sent there as text and knows the standard library of Python 3.7 alone."""
