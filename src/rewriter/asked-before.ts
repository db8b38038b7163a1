/** What the session is asked before a text runs that was rewritten: where it finds anything, the statement runs as it was written. */
import type { Unsure } from './returning-stages.js';

export interface AskedBefore {
  text: string;
  values: [string];
}

/** What the text itself makes, nobody can be asked about before; nor may anybody be asked before the transaction is as it says. */
export function askedBefore(text: string, unsure: Unsure): AskedBefore | 'as it is written' {
  if (makesItself(text) || beginsOtherwise.test(text)) return 'as it is written';
  return { text: rulesAndFunctions, values: [JSON.stringify(unsure)] };
}

/**
 * PostgreSQL takes no statement into a WITH on a table with a rule for what it does, nor on a view that leads there. Rules of the system's own,
 * and those that make views, are left out. Names of PostgreSQL's functions and operators may mean somebody's, for other types or on another path:
 * those of extensions evaluate what they are given, as PostgreSQL's own do. What a view or a policy does nobody sees in the text.
 */
const rulesAndFunctions = `
  SELECT FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_class AS t ON t.oid OPERATOR(pg_catalog.=) r.ev_class, pg_catalog.json_array_elements_text($1::pg_catalog.json OPERATOR(pg_catalog.->) 'tables') AS name
  WHERE r.ev_type OPERATOR(pg_catalog.<>) '1' AND r.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    AND (t.relname OPERATOR(pg_catalog.=) name OR EXISTS (SELECT FROM pg_catalog.pg_class AS v WHERE v.relname OPERATOR(pg_catalog.=) name AND v.relkind OPERATOR(pg_catalog.=) 'v'))
  UNION ALL
  SELECT FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
  WHERE p.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_catalog,hologen,hologen_caller,hologen_names}'::pg_catalog.name[])
    AND (p.provolatile OPERATOR(pg_catalog.=) 'v' OR NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
      WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid AND d.objid OPERATOR(pg_catalog.=) p.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'))
    AND (p.proname OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.json_array_elements_text($1::pg_catalog.json OPERATOR(pg_catalog.->) 'functions'))
      OR p.proname OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.json_array_elements_text($1::pg_catalog.json OPERATOR(pg_catalog.->) 'calls'))
      OR EXISTS (SELECT FROM pg_catalog.pg_operator AS o WHERE o.oprcode::pg_catalog.oid OPERATOR(pg_catalog.=) p.oid
        AND o.oprname OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.json_array_elements_text($1::pg_catalog.json OPERATOR(pg_catalog.->) 'operators'))))
  UNION ALL
  SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{hologen,hologen_caller,hologen_internal}'::pg_catalog.name[])
    AND (c.relkind OPERATOR(pg_catalog.=) ANY ('{v,f}'::pg_catalog."char"[]) OR c.relrowsecurity)
    AND c.relname OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.json_array_elements_text($1::pg_catalog.json OPERATOR(pg_catalog.->) 'relations'))
  FETCH FIRST ROW ONLY`;

/** Prompts say "create" often, and texts are long: each is looked through once. */
function makesItself(text: string): boolean {
  const created = text.search(/\bcreate\b/i);
  const isMade = created >= 0 && /\b(?:function|operator)\b/i.test(text.slice(created));
  return isMade || /\brule\b/i.test(text);
}

const beginsOtherwise =
  /\bset\s+(?:local\s+|session\s+)?transaction\b|\block\s+(?:table\b|only\b|["\w])|\bset\s+constraints\b/i;
