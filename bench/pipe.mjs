/** The least a relay in Node can do: two sockets piped into each other. Measured beside hologen, it shows what is Node's and what is ours. */
import { connect, createServer } from 'node:net';

const [, , target, port] = process.argv;
createServer({ noDelay: true }, (client) => {
  const engine = connect({ path: target });
  for (const socket of [client, engine]) socket.on('error', () => socket.destroy());
  client.pipe(engine);
  engine.pipe(client);
}).listen(Number(port), '127.0.0.1', () => console.log('piping'));
