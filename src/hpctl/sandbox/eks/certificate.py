"""The certificate authority that EKS clusters of the sandbox name.

A real self-signed certificate whose private key was thrown away: clients can parse it, and it can
vouch for no server.
"""

from __future__ import annotations

import base64

_PEM = """\
-----BEGIN CERTIFICATE-----
MIIBNjCB3aADAgECAgEBMAoGCCqGSM49BAMCMBgxFjAUBgNVBAMMDWhwY3RsIHNh
bmRib3gwIBcNMjUwMTAxMDAwMDAwWhgPMjEyNTAxMDEwMDAwMDBaMBgxFjAUBgNV
BAMMDWhwY3RsIHNhbmRib3gwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQVhX70
s4l+UQpJZOLMoyNRh6mphMlKAnAXkkNESVF/c0kvvAJg9ii+whaWhShiHUOqXkhQ
7R8hXX/o2c6UE9bBoxYwFDASBgNVHRMBAf8ECDAGAQH/AgEAMAoGCCqGSM49BAMC
A0gAMEUCIHRZAh/jJ0CSLmDQrtFJZC7NFUWNKrJrS+tqbICLLQvMAiEA/OoJD2F3
L97KtfFG9K+gzgvofu4T5OHxcFtnvSNyJjQ=
-----END CERTIFICATE-----
"""

# EKS gives the PEM text once more in base64 (`Certificate.data`).
CERTIFICATE_AUTHORITY = base64.b64encode(_PEM.encode()).decode()
