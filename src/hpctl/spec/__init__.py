"""The wish: what somebody wants of HyperPod, validated, with a place in a file for every value."""
