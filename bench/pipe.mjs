/** The least a relay in Node can do: two sockets, each written what the other reads, past Node's streams as the gateway does it. Measured beside hologen, it shows what is Node's and what is ours. */
import { connect, createServer } from 'node:net';
import { createLanding, landOn } from '../dist/src/frontend/landing.js';
import { createOutlet } from '../dist/src/frontend/outlet.js';

const [, , target, port] = process.argv;
createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
  const landings = { client: createLanding(), engine: createLanding() };
  const client = landOn(accepted, landings.client);
  const engine = connect({ path: target, onread: landings.engine.onread }, () => {
    join(client, engine, landings.client);
    join(engine, client, landings.engine);
  });
}).listen(Number(port), '127.0.0.1', () => console.log('piping'));

function join(source, target, landing) {
  const outlet = createOutlet(target);
  landing.take = outlet.write;
  landing.keeps = outlet.keeps;
  landing.readStraight(source);
  target.on('drain', () => source.resume());
  source.on('data', () => {}).on('error', () => source.destroy());
  source.on('end', () => target.end()).on('close', () => target.destroy());
  source.resume();
}
