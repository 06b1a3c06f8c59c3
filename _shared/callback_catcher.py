#!/usr/bin/env python3
"""Waits for a browser that comes back from a login.

callback_catcher.py PORT PATH   listens on 127.0.0.1, answers the first GET of PATH, prints its query and ends; other
                                requests get 404. Exit code 1 when nobody comes within five minutes. Standard library only.
"""
import http.server
import sys
import time

PATIENCE = 300  # seconds


class Catcher(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        found = path == self.server.wanted
        text = b"You can close this window.\n" if found else b"Not found\n"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        if found:
            self.server.caught = query

    def log_message(self, *_):
        pass


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Catcher) as server:
        server.wanted, server.caught = sys.argv[2], None
        deadline = time.monotonic() + PATIENCE
        while server.caught is None:
            server.timeout = deadline - time.monotonic()
            if server.timeout <= 0:
                sys.exit("nobody came back within five minutes")
            server.handle_request()
    print(server.caught)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"cannot listen on port {sys.argv[1]}: {error}")
