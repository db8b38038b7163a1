/** Which rewritten text each prepared statement and portal has, once the engine has confirmed it. */
import { backendType, frontendType } from '../wire/message-types.js';
import type { SentMessage } from './awaited-answers.js';

export interface StatementNames<Text> {
  /** The rewritten text that this message is about. */
  textOf(message: SentMessage<Text>): Text | undefined;
  /** Takes note of an answer to the message. */
  answered(type: number, message: SentMessage<Text>): void;
  /** After DEALLOCATE ALL or DISCARD ALL. */
  forgetStatements(): void;
  /** At the end of a transaction, which closes its portals. */
  forgetPortals(): void;
}

/** NAMEDATALEN - 1 (PostgreSQL's src/include/pg_config_manual.h): the engine truncates longer names. */
const longestName = 63;
/** How much text a session may make the gateway remember. Errors about older statements are then no longer mapped to the client's text. */
const mostCharacters = 8 * 1024 * 1024;

interface Known<Text> {
  /** In the order they were prepared. */
  statements: Map<string, Text>;
  portals: Map<string, Text>;
  /** Total length of the statements' texts. */
  characters: number;
}

export function createStatementNames<Text extends { text: string }>(): StatementNames<Text> {
  const known: Known<Text> = { statements: new Map(), portals: new Map(), characters: 0 };
  return {
    textOf: (message) => textOf(known, message),
    answered: (type, message) => takeAnswer(known, type, message),
    forgetStatements: () => forgetStatements(known),
    forgetPortals: () => known.portals.clear(),
  };
}

function textOf<Text>(known: Known<Text>, message: SentMessage<Text>): Text | undefined {
  const { type, text, statementName, portalName } = message;
  if (type === frontendType.parse || type === frontendType.query) return text;
  // Bind has two names; only the statement's is already known.
  if (statementName !== undefined) return known.statements.get(statementName);
  return portalName === undefined ? undefined : known.portals.get(portalName);
}

function takeAnswer<Text extends { text: string }>(
  known: Known<Text>,
  type: number,
  { text, statementName, portalName }: SentMessage<Text>,
): void {
  switch (type) {
    case backendType.parseComplete:
      // It was too long to be looked at, so its name is unknown and could be any.
      if (statementName === undefined) forgetStatements(known);
      else prepare(known, statementName, text);
      break;
    case backendType.bindComplete:
      bind(known, portalName, statementName);
      break;
    case backendType.closeComplete:
      if (statementName !== undefined) forget(known, statementName);
      else if (portalName !== undefined) known.portals.delete(portalName);
  }
}

function prepare<Text extends { text: string }>(
  known: Known<Text>,
  name: string,
  text: Text | undefined,
): void {
  forget(known, name);
  if (!text) return;
  known.statements.set(name, text);
  known.characters += text.text.length;
  for (const oldest of known.statements.keys()) {
    if (known.characters <= mostCharacters) break;
    forget(known, oldest);
  }
}

function bind<Text>(
  { statements, portals }: Known<Text>,
  portalName: string | undefined,
  statementName: string | undefined,
): void {
  const text = statementName === undefined ? undefined : statements.get(statementName);
  if (portalName === undefined) portals.clear();
  else if (text) portals.set(portalName, text);
  else portals.delete(portalName);
}

function forget<Text extends { text: string }>(known: Known<Text>, name: string): void {
  known.characters -= known.statements.get(name)?.text.length ?? 0;
  known.statements.delete(name);
}

function forgetStatements<Text>(known: Known<Text>): void {
  known.statements.clear();
  known.characters = 0;
}

/** Stores the names from a whole frame of the extended protocol in its message. */
export function readNames<Text>(message: SentMessage<Text>, frame: Buffer): void {
  switch (message.type) {
    case frontendType.parse:
      message.statementName = nameAt(frame, 5);
      break;
    case frontendType.bind:
      message.portalName = nameAt(frame, 5);
      message.statementName = nameAt(frame, frame.indexOf(0, 5) + 1);
      break;
    case frontendType.execute:
      message.portalName = nameAt(frame, 5);
      break;
    case frontendType.describe:
    case frontendType.close:
      if (frame[5] === ofStatement) message.statementName = nameAt(frame, 6);
      else message.portalName = nameAt(frame, 6);
  }
}

/** Describe and Close say whether the name is a statement's or a portal's. */
const ofStatement = 0x53;

/** As Latin-1, since names are only compared. */
export function nameAt(frame: Buffer, start: number): string {
  if (frame[start] === 0) return '';
  return frame.toString('latin1', start, Math.min(frame.indexOf(0, start), start + longestName));
}
