"""A certificate authority of the tests' own."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """`path` holds its own certificate; `certify` makes files with a certificate and its key."""

    def __init__(self, folder: Path, name: str = "Authority of the tests") -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        certificate = self._builder(self._name, self._key).add_extension(constraints, critical=True)
        usage = x509.KeyUsage(*[False] * 5, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False)
        self.path = folder / "authority.pem"
        self.path.write_bytes(_pem(certificate.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())))

    def certify(self, name: str) -> Path:
        """A file with key and certificate for `name`, an IP address or a host's name."""
        certificate, key = self.certify_apart(name)
        file = self._folder / f"{name}.pem"
        file.write_bytes(key.read_bytes() + certificate.read_bytes())
        return file

    def certify_apart(self, name: str) -> tuple[Path, Path]:
        """The same in two files: certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        general = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(subject, key).add_extension(x509.SubjectAlternativeName([general]), critical=False)
        plain = serialization.NoEncryption()
        files = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        files[0].write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        return files

    def context(self, name: str, *, clients_of: Authority | None = None) -> ssl.SSLContext:
        """A server's. With `clients_of`, only who shows a certificate of that authority gets in."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certify(name))
        if clients_of is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients_of.path)
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        issuer = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
        dated = issuer.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        return dated.public_key(key.public_key()).serial_number(x509.random_serial_number())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
