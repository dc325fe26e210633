"""The certificate authority that EKS clusters of a sandbox name, and what their Kubernetes endpoint shows.

Made once for each sandbox and kept with it. The authority's own key is never written: it signs one server's
certificate and is forgotten, so nobody can sign another with it.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.home import write_private

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = "127.0.0.1"
_LIFE = timedelta(days=3650)
# A machine whose clock is behind shall not find the certificate to be of the future.
_SLACK = timedelta(days=1)


def authority(directory: Path) -> str:
    """Return the certificate authority kept in this directory as PEM; made, with a server's certificate, at first."""
    kept = directory / "ca.pem"
    if not kept.exists():
        directory.mkdir(mode=0o700, exist_ok=True)
        certificate, server = _made(datetime.now(UTC))
        write_private(directory / "server.pem", server)
        write_private(kept, certificate)
    return kept.read_text()


def server_side(directory: Path) -> ssl.SSLContext:
    """Return the server's side of TLS, with the certificate that the authority signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem")
    return context


def _made(now: datetime) -> tuple[str, str]:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    # Names and extensions of EKS's own: a root called `kubernetes` with no key identifiers.
    ca = _begun("kubernetes", "kubernetes", ca_key.public_key(), now)
    root = ca.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(ca_key, _hash())
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK)), x509.DNSName("localhost")])
    leaf = _begun("kube-apiserver", "kubernetes", key.public_key(), now).add_extension(addresses, critical=False)
    shown = leaf.sign(ca_key, _hash()).public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return root.public_bytes(Encoding.PEM).decode(), (private + shown).decode()


def _begun(subject: str, issuer: str, key: Any, now: datetime) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (subject, issuer)]
    builder = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - _SLACK).not_valid_after(now + _LIFE)


def _hash() -> Any:
    from cryptography.hazmat.primitives.hashes import SHA256

    return SHA256()
