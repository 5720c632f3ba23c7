"""A Prefect server that is named by http, and that sends on to itself by https."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from flowforge_assets.errors.project import PrefectUnreachableError
from flowforge_assets.execute.prefect_api import load_prefect, reach_api

pytestmark = pytest.mark.prefect
HERE = "127.0.0.1"


class Answers(BaseHTTPRequestHandler):
    """A healthy server, as far as it is asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'"3.9.0"' if self.path.endswith("/version") else b"true")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Nothing."""


@dataclass(frozen=True)
class Sending:
    """A server's address by http, and the file of the authority that vouches for it by https."""

    url: str
    authority: Path


@pytest.fixture
def sending(tmp_path: Path) -> Generator[Sending]:
    pem = tmp_path / "server.pem"
    pem.write_bytes(certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with ExitStack() as stack:
        inner = stack.enter_context(served(Answers, context))

        class Sends(Answers):
            def do_GET(self) -> None:
                self.send_response(308)
                self.send_header("Location", f"https://{HERE}:{inner}{self.path}")
                self.end_headers()

        outer = stack.enter_context(served(Sends))
        yield Sending(f"http://{HERE}:{outer}/api", pem)


@contextmanager
def served(
    handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None
) -> Generator[int]:
    """The port of a server that goes on meanwhile."""
    with HTTPServer((HERE, 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def certificate() -> bytes:
    """A key, and the certificate of this machine that is signed with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HERE)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + made.public_bytes(serialization.Encoding.PEM)


def reached(url: str, **settings: object) -> str:
    load_prefect()
    # Prefect is loaded with its reports of usage off.
    from prefect import settings as known
    from prefect.settings import temporary_settings

    wanted = {getattr(known, name): value for name, value in settings.items()}
    with temporary_settings({known.PREFECT_API_URL: url, **wanted}):
        return reach_api()


def test_it_is_followed_where_its_authority_is_trusted(sending: Sending) -> None:
    found = reached(sending.url, PREFECT_API_SSL_CERT_FILE=str(sending.authority))
    assert found == sending.url


def test_it_is_followed_where_prefect_is_to_trust_anyone(sending: Sending) -> None:
    assert reached(sending.url, PREFECT_API_TLS_INSECURE_SKIP_VERIFY=True) == sending.url


def test_nobody_is_trusted_without_an_authority(sending: Sending) -> None:
    with pytest.raises(PrefectUnreachableError):
        reached(sending.url)
