/** The rewritten texts behind the names of prepared statements and portals, as far as the engine has confirmed them. */
import { backendType, frontendType } from '../wire/message-types.js';
import type { SentMessage } from './unanswered.js';

export interface StatementNames<Text> {
  /** The rewritten text that the engine works with at this message. */
  textOf(message: SentMessage<Text>): Text | undefined;
  /** Notes an answer to the message. */
  answered(type: number, message: SentMessage<Text>): void;
  /** DEALLOCATE ALL or DISCARD ALL: no statement is left. */
  forgetStatements(): void;
  /** A transaction is over, and its portals with it. */
  forgetPortals(): void;
}

/** NAMEDATALEN of PostgreSQL's src/include/pg_config_manual.h: names that differ only behind so many bytes are one to the engine. */
const longestName = 63;
/** Texts that one session may make the gateway remember; the oldest are forgotten, and with them positions and tags of the client's own. */
const mostCharacters = 8 * 1024 * 1024;

interface Known<Text> {
  /** In the order in which they were prepared. */
  statements: Map<string, Text>;
  portals: Map<string, Text>;
  /** Of all the statements' texts. */
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
  // Of Bind's two names the statement's is the one that is known already.
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
      // Too long to be looked into: it may have taken any name.
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

/** Notes the names in a whole frame of the extended protocol. */
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

/** The kind of name in Describe and Close; the other kind is the portal's. */
const ofStatement = 0x53;

/** Bytes as Latin-1 characters: names are only compared. */
function nameAt(frame: Buffer, start: number): string {
  return frame.toString('latin1', start, Math.min(frame.indexOf(0, start), start + longestName));
}
