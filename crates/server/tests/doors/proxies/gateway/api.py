"""An API of Python's: `python api.py PORT`. What it answers stands in `bodies.rs`."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LARGE = (bytes(range(251)) * 41_777)[: 10 << 20]


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def begin(self, status, **headers):
        self.send_response(status)
        self.send_header("X-Connection", str(self.client_address[1]))
        self.send_header("X-Client", self.headers.get("X-Keydesk-Client-Name", ""))
        framing = self.headers.get("Transfer-Encoding") or self.headers.get("Content-Length") or ""
        self.send_header("X-Framing", framing)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while length := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(length))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def chunk(self, piece):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def do_POST(self):
        body = self.body()
        self.begin(200, Content_Length=str(len(body)))
        self.wfile.write(body)

    def do_HEAD(self):
        self.begin(200, Content_Length=str(len(LARGE)))

    def do_GET(self):
        match self.path:
            case "/v1/a/sized":
                self.begin(200, Content_Length=str(len(LARGE)))
                self.wfile.write(LARGE)
            case "/v1/a/chunked":
                self.begin(200, Transfer_Encoding="chunked")
                self.chunk(LARGE[:12_345])
                self.chunk(LARGE[12_345:])
                self.wfile.write(b"0\r\n\r\n")
            case "/v1/a/none":
                self.begin(204)
            case "/v1/a/tag" if self.headers.get("If-None-Match") == '"1"':
                self.begin(304, ETag='"1"')
            case "/v1/a/tag":
                self.begin(200, ETag='"1"', Content_Length="6")
                self.wfile.write(b"tagged")
            case "/v1/a/trailers":
                self.begin(200, Transfer_Encoding="chunked", Trailer="X-Row-Count")
                self.chunk(b"rows")
                self.wfile.write(b"0\r\nX-Row-Count: 7\r\n\r\n")
            case _:
                self.begin(404, Content_Length="0")


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Api).serve_forever()
