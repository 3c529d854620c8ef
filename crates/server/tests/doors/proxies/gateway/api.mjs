// An API of Node's: `node api.mjs PORT [h2c]`. What it answers stands in `bodies.rs`.
import http from 'node:http';
import http2 from 'node:http2';

const [port, protocol] = process.argv.slice(2);
const large = Buffer.alloc(10 << 20, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));

function answer(request, response) {
  const { socket } = request.stream?.session ?? request;
  response.setHeader('x-connection', socket.remotePort);
  response.setHeader('x-client', request.headers['x-keydesk-client-name'] ?? '');
  response.setHeader('x-framing', request.headers['transfer-encoding'] ?? request.headers['content-length'] ?? '');
  switch (request.url) {
    case '/v1/a/echo':
      request.pipe(response);
      return;
    // For a proxy that reads no answer while it sends a body.
    case '/v1/a/echo/kept': {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece)).on('end', () => response.end(Buffer.concat(pieces)));
      return;
    }
    case '/v1/a/sized':
      response.setHeader('content-length', large.length);
      response.end(request.method === 'HEAD' ? undefined : large);
      return;
    case '/v1/a/chunked':
      response.write(large.subarray(0, 12345));
      response.end(large.subarray(12345));
      return;
    case '/v1/a/none':
      response.writeHead(204).end();
      return;
    case '/v1/a/tag': {
      const isKnown = request.headers['if-none-match'] === '"1"';
      response.writeHead(isKnown ? 304 : 200, { etag: '"1"' });
      response.end(isKnown ? undefined : 'tagged');
      return;
    }
    case '/v1/a/trailers':
      response.setHeader('trailer', 'x-row-count');
      response.write('rows');
      response.addTrailers({ 'x-row-count': '7' });
      response.end();
      return;
    default:
      response.writeHead(404).end();
  }
}

const server = protocol === 'h2c' ? http2.createServer(answer) : http.createServer(answer);
server.listen(Number(port), '127.0.0.1');
