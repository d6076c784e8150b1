"""Git's own HTTP server behind nginx and fcgiwrap, with a password."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.components import needs
from tests.remotes.daemon import running

USER, PASSWORD = "ada", "correct-horse"
AT_A_TIME = 8
"""How many requests are answered side by side. The next ones wait."""

CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    server {{
        listen unix:{folder}/http;
        auth_basic "git";
        auth_basic_user_file {folder}/users;
        location / {{
            fastcgi_pass unix:{folder}/cgi;
            fastcgi_param SCRIPT_FILENAME {backend};
            fastcgi_param GIT_PROJECT_ROOT {root};
            fastcgi_param GIT_HTTP_EXPORT_ALL 1;
            fastcgi_param GIT_CONFIG_GLOBAL /dev/null;
            fastcgi_param GIT_CONFIG_NOSYSTEM 1;
            fastcgi_param GIT_PROTOCOL $http_git_protocol;
            fastcgi_param PATH_INFO $uri;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param REMOTE_USER $remote_user;
            fastcgi_param REMOTE_ADDR 127.0.0.1;
        }}
    }}
}}
"""


@contextmanager
def smart_http(folder: Path, root: Path) -> Iterator[str]:
    """Serve the bare repositories in `root` until the block is left; the path of the Unix socket.

    Pushes are allowed to who has the password. The server's files are in `folder`, whose path has to be short.
    """
    nginx, fcgiwrap = needs("nginx-light"), needs("fcgiwrap")
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, root=root, backend=_backend()))
    cgi = [fcgiwrap, "-c", str(AT_A_TIME), "-s", f"unix:{folder}/cgi"]
    web = [nginx, "-e", str(folder / "error.log"), "-c", str(config)]
    with (
        running(cgi, lambda: _answers(folder / "cgi"), folder / "fcgiwrap.log"),
        running(web, lambda: _answers(folder / "http"), folder / "nginx.log"),
    ):
        yield f"{folder}/http"


def http_url(port: int, path: str) -> str:
    """The repository at `path` below the root, through `port`, with user and password in it."""
    return f"http://{USER}:{PASSWORD}@127.0.0.1:{port}/{path}"


def _backend() -> str:
    programs = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
    found = shutil.which("git-http-backend", path=programs)
    assert found, f"git has no http-backend in {programs}"
    return found


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0
