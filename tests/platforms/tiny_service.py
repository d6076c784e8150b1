"""A tiny real service, packed as an artifact. `mode` in its tree says how it behaves."""

import gzip
import hashlib
import io
import random
import socket
import sys
import tarfile
from pathlib import Path

from hotfix_deploy_runner.core.revision import Revision

START = f"{sys.executable} -I -S service.py"

SOURCE = """
import http.server, os, signal, socketserver, sys, threading, time

mode = open("mode").read().strip()
version = os.environ["HOTFIX_VERSION"]
print("starting", version, flush=True)
print("password=hunter2-hunter2", flush=True)
if mode == "exits":
    sys.exit(3)
time.sleep(float(os.environ.get("WARM_UP", "0")))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/env":
            body = "\\n".join(f"{k}={v}" for k, v in sorted(os.environ.items()))
        elif self.path == "/files":
            body = " ".join(sorted(os.listdir("/proc/self/fd")))
        else:
            body = version
        sick = mode == "never-ready" or os.path.exists("sick-" + os.environ["PORT"])
        self.send_response(503 if sick and self.path == "/readyz" else 200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]


server = Server(("127.0.0.1", int(os.environ["PORT"])), Handler)
if mode == "ignores-term":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever(poll_interval=0.02)
server.server_close()
"""


def pack(store: Path, version: str, mode: str = "good") -> Revision:
    """An artifact of the service in `store`, and the revision that names it."""
    files = {"service.py": SOURCE, "mode": mode, "made-for": version}
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    digest = hashlib.sha256(packed.getvalue()).hexdigest()
    store.mkdir(parents=True, exist_ok=True)
    (store / f"{digest}.tar.gz").write_bytes(packed.getvalue())
    return Revision(version, hashlib.sha1(version.encode()).hexdigest(), f"sha256:{digest}")


def free_ports(count: int) -> list[int]:
    """Ports that nobody has: below the range from which the kernel gives ports to clients."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as tried:
            if port not in found and tried.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
    return found
