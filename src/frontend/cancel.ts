/** Cancel requests: a client's, passed on as they are, and the gateway's own for a statement that nobody waits for. */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EngineAddress } from '../engine/address.js';
import { connectToEngine } from '../engine/connect.js';
import { cancelRequest } from '../wire/startup.js';
import { lastWordMs } from './door.js';
import { whenClosed } from './pump.js';
import type { LongStatement } from './session.js';

/**
 * The engine knows which statement the key belongs to. It answers by closing the connection, and then the client's is closed too: ended, as
 * over TLS a connection that is cut is an error to OpenSSL ("unexpected eof"), and libpq tells of it. `statement`: what is to be cancelled, if
 * its text is a long one.
 */
export async function forwardCancel(
  address: EngineAddress,
  client: Socket,
  request: Buffer,
  statement: LongStatement | undefined,
): Promise<void> {
  const engine = await send(address, request);
  engine.once('close', () => endQuietly(client));
  if (statement) await insist(address, request, statement);
}

const firstAgainMs = 50;
const timesAgain = 6;
/** Longer than a text may take to be rewritten. */
const arrivesWithinMs = 20_000;

/**
 * The engine ignores what comes before it has read the whole text, which may still be coming in or being rewritten then. So the request is sent
 * again until it takes effect. The client may send its next statement as soon as this one has ended, and that one must not be hit.
 */
async function insist(address: EngineAddress, request: Buffer, statement: LongStatement): Promise<void> {
  const giveUpAt = Date.now() + arrivesWithinMs;
  for (let times = 0; times < timesAgain && Date.now() < giveUpAt; ) {
    await delay(firstAgainMs * 2 ** times, undefined, { ref: false });
    if (statement.isOver()) return;
    if (!statement.isWithEngine()) continue;
    times += 1;
    await statement.before(send(address, request).then(whenClosed));
  }
}

/** The client closes its side then; one that does not is cut off. */
function endQuietly(client: Socket): void {
  const timer = setTimeout(() => client.destroy(), lastWordMs).unref();
  client.once('close', () => clearTimeout(timer));
  client.once('end', () => client.destroySoon());
  client.end();
  client.resume();
}

/** Without client_connection_check_interval an engine notices a lost client only when it writes; until then every row would be paid for. */
export function cancelForNobody(address: EngineAddress, processKey: Buffer, log: Logger): void {
  send(address, cancelRequest(processKey)).catch((error: unknown) =>
    log.warn({ err: error }, 'a statement that nobody waits for could not be cancelled'),
  );
}

async function send(address: EngineAddress, request: Buffer): Promise<Socket> {
  const engine = await connectToEngine(address);
  engine.on('error', () => engine.destroy());
  engine.end(request);
  return engine.resume();
}
