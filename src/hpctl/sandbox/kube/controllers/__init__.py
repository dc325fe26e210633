"""What brings a cluster's objects nearer to what is wished of them."""

from __future__ import annotations
