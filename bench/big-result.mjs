/** A provider whose every picture is a body of as many bytes as the prompt's last word says: the sandbox draws nothing so big. */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

const block = randomBytes(1 << 20);

function* blocks(bytes) {
  for (let left = bytes; left > 0; left -= block.length)
    yield left < block.length ? block.subarray(0, left) : block;
}

const server = createServer(async (request, response) => {
  const url = `http://127.0.0.1:${server.address().port}`;
  if (request.method === 'GET') {
    const bytes = Number(/^\/(\d+)\.png$/.exec(request.url)?.[1]);
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': bytes });
    await pipeline(Readable.from(blocks(bytes), { objectMode: false }), response).catch(() => {});
    return;
  }
  const { input } = await json(request);
  const bytes = /\d+$/.exec(input.messages[0].content.at(-1).text)?.[0];
  const message = { role: 'assistant', content: [{ image: `${url}/${bytes}.png` }] };
  const body = {
    request_id: randomUUID(),
    output: { choices: [{ finish_reason: 'stop', message }] },
    usage: { width: 1024, height: 1024, image_count: 1 },
  };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}`));
