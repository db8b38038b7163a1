/** What PostgreSQL reads once, when what it stands in is prepared: literals by the moment and by settings, operators and types by the search path. */
import { child, hasNode, nameList, walk } from '../nodes.js';
import { nodesOf, parseStatements } from '../parse.js';

export interface ReadOnce {
  /** now, today and the like. */
  moments: boolean;
  /** Which settings they are read by: those of times, of strings, of arrays, of comparisons with NULL. */
  kinds: string[];
  /** Names without schemas, also of what is written out in the plan. */
  operators: string[];
  types: string[];
}

/** Nothing but a time of day and a zone may stand behind it. */
const moment = /^\s*(?:now|today|tomorrow|yesterday)(?:\s+[\d:.]+)?(?:\s*[+-]?[\d:]+|\s+[a-z_/]{1,30})?\s*$/i;

/** What dates, times, lengths of time and ranges of them are written with. */
const ofTime = [
  /^[-+]?\d[-\d:./+t]*[a-z]{0,7}$/i,
  /^p[\d.ymwdths]+$/i,
  /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)[a-z]*$/i,
  /^(?:years?|mons?|months?|weeks?|days?|hours?|min(?:ute)?s?|sec(?:ond)?s?|ago|am|pm|bc|ad|z)$/i,
  /^(?:[A-Z]{3,5}|[a-z]+\/[a-z_/]+)$/,
];

/** A number of few digits is none. */
function isTime(said: string): boolean {
  if (said.length > 60 || !/\d/.test(said) || /^\s*[-+]?[\d.]{1,5}\s*$/.test(said)) return false;
  const parts = said.split(/[\s,()[\]{}"]+/).filter((part) => part !== '');
  return parts.every((part) => ofTime.some((form) => form.test(part)));
}

export function readOnceIn(text: string): ReadOnce {
  const nodes = nodesOf(parseStatements(text));
  const kinds = new Set<string>();
  const operators = new Set<string>();
  const types = new Set<string>();
  let moments = false;
  walk(nodes, (kind, body) => {
    if (kind === 'A_Expr') operators.add(nameList(body.name).at(-1) ?? '');
    if (kind === 'TypeCast') types.add(nameList(child(body, 'typeName').names).at(-1) ?? '');
    const said = kind === 'A_Const' ? (body.sval as { sval?: string } | undefined)?.sval : undefined;
    if (said === undefined) return true;
    moments ||= moment.test(said);
    if (isTime(said)) kinds.add('times');
    if (/^\s*\{.*null/i.test(said)) kinds.add('arrays');
    if (said.includes('\\')) kinds.add('strings');
    return true;
  });
  if (hasNode(nodes, (kind, body) => kind === 'A_Const' && body.isnull === true)) kinds.add('nulls');
  return { moments, kinds: [...kinds], operators: [...operators], types: [...types] };
}
