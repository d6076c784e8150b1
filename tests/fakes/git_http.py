"""A git remote over real HTTP, which lets in whoever has the password: git's own server behind Python's."""

import base64
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.fakes.web import body_of, reply, serving


@contextmanager
def git_over_http(repository: Path, user: str, password: str) -> Iterator[str]:
    """Serve the bare `repository`; its URL, with user and password in it."""
    expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def respond(request: BaseHTTPRequestHandler) -> None:
        if request.headers.get("Authorization") != expected:
            reply(request, status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        else:
            status, headers, body = _backend(request, repository.parent, user)
            reply(request, body, status, headers)

    with serving(respond) as url:
        yield url.replace("http://", f"http://{user}:{password}@") + f"/{repository.name}"


def _backend(request: BaseHTTPRequestHandler, root: Path, user: str) -> tuple[int, dict[str, str], bytes]:
    """What git-http-backend(1), a CGI program, answers."""
    path, _, query = request.path.partition("?")
    body = body_of(request)
    env = {
        **os.environ,
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REMOTE_USER": user,
        "REQUEST_METHOD": request.command,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
    }
    done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=True)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    return int(headers.pop("Status", "200").split()[0]), headers, content
