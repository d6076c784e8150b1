"""Real HTTPS on this machine, under its own name, with a certificate that it has signed itself."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.fakes.web import Respond

NAME = socket.gethostname()
"""Not 127.0.0.1: for this very machine the door to HTTP heeds no variable, not SSL_CERT_FILE either."""


def make_certificate(folder: Path) -> Path:
    """A key and a certificate for this machine's name, signed by itself, in one file in `folder`."""
    names = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}")
    made = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")
    files = ("-keyout", "key.pem", "-out", "cert.pem")
    subprocess.run(["openssl", "req", *made, *names, *files], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return both


@contextmanager
def tls(certificate: Path, respond: Respond, path: str = "/services/T0/B0/secret") -> Iterator[str]:
    """An HTTPS server that answers every POST with `respond`; its URL, with `path`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            respond(self)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://{NAME}:{server.server_address[1]}{path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def slack(url: str, certificate: Path) -> dict[str, str]:
    """The variables that make `url` the team's Slack."""
    return {"SLACK_WEBHOOK_URL": url, "SSL_CERT_FILE": str(certificate), "NO_PROXY": NAME}
