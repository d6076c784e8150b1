"""The smallest service that a run can deploy, and what it does wrong when its tree says so.

The file `mode` in its tree: `good`, and in production only `silent` (takes a request and never answers it), `second`
(all but the first instance end at once) or `leaky` (prints the file `leak` and a password, then ends).
"""

SOURCE = """
import http.server, os, socketserver, sys, threading, signal

version = os.environ["HOTFIX_VERSION"]
mode = open("mode").read().strip() if os.environ["PLACE"] == "production" else "good"
print("started with", os.environ.get("DATABASE_PASSWORD", "nothing"), flush=True)
if mode == "second" and os.environ["HOTFIX_INSTANCE"] != "web-1":
    sys.exit(3)
if mode == "leaky":
    print("cannot log in: " + open("leak").read(), file=sys.stderr, flush=True)
    sys.exit(3)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if mode == "silent":
            threading.Event().wait()
        garbage = self.path.startswith("/garbage")
        body = "<html>" + "\\\\x00 not metrics {{{" * 50 if garbage else f"{version} {os.getpid()}"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]


server = Server(("127.0.0.1", int(os.environ["PORT"])), Handler)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server.serve_forever(poll_interval=0.05)
"""
