/** Opens the front door: what the listener asks of the engine, the calls and the rewriter. */
import type { Logger } from 'pino';
import { createScramKeyLookup } from './engine/scram-keys.js';
import { createBusyLook } from './frontend/busy-look.js';
import type { Encryption } from './frontend/encryption.js';
import { nameGateway } from './frontend/gateway-name.js';
import { type Frontend, listenForClients } from './frontend/listener.js';
import { createLongTexts } from './frontend/long-texts.js';
import { rewriteStatements } from './frontend/rewriting.js';
import { spendAtMostOf } from './frontend/spend-at-most.js';
import { onlyReads } from './frontend/statement-texts.js';
import type { OpenedCalls } from './open-calls.js';
import type { OpenedEngine } from './open-engine.js';
import { mapStartupParameters } from './rewriter/session-settings.js';
import type { Configuration } from './settings/configuration.js';
import { listenFailure } from './settings/help.js';

export type Behind = Pick<OpenedCalls, 'calls' | 'texts' | 'spending'> & { engine: OpenedEngine };

export async function openFrontDoor(
  { door, maxConnections }: Configuration,
  { engine, calls, texts, spending }: Behind,
  encryption: Encryption,
  log: Logger,
): Promise<Frontend> {
  const { host, port, loginMs, busyLookUs } = door;
  const frontend = listenForClients({
    ...{ host, port, encryption, log, maxConnections, loginMs, busyLook: createBusyLook(busyLookUs / 1000) },
    events: {
      rewrite: rewriteStatements(texts, createLongTexts(log), log),
      started: calls.clientCame,
      databaseCreated: engine.databases.created,
      rowsAsked: calls.rowsAsked,
      answered: (engineProcessId) => calls.rowsRead(engineProcessId, onlyReads),
      cursorsRewound: calls.cursorsRewound,
      savepointSet: calls.savepointSet,
      undone: (engineProcessId, what) =>
        what === 'all' ? calls.statementOver(engineProcessId, 'failed') : calls.undone(engineProcessId),
      ready: calls.statementOver,
      transactionOver: calls.transactionOver,
      ended: (engineProcessId) => calls.clientLeft(engineProcessId) !== undefined,
    },
    opening(parameters) {
      const most = spendAtMostOf(parameters);
      return (engineProcessId) => spending.begin(engineProcessId, most);
    },
    engine: engine.address,
    mapParameters: (parameters) => nameGateway(mapStartupParameters(parameters), engine.sessionGateway),
    databaseReady: engine.databases.ready,
    scramKeys: createScramKeyLookup(engine.pool),
  });
  return frontend.catch((error) => {
    throw listenFailure(error, host, port, error.code === 'EADDRNOTAVAIL' ? 'host' : 'port');
  });
}

/** How the gateway's own machine reaches its front door. */
export function ownHost({ door: { host } }: Configuration): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}
