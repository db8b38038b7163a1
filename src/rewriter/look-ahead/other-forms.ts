/**
 * Reasons why calls are made one after another, and for each kind of them the form of the statement that makes them at once. A reason is told in
 * many places, in SQL too; here is what whoever meets it can do.
 */

interface Kind {
  /** A HINT: what to write instead, or that there is nothing else. */
  form: string;
  reasons: readonly RegExp[];
}

/** Also where nothing is known of a reason: a plain query that only reads is at once, and what it has given are rows of a table. */
const callsFirst =
  'Make the calls first, in a statement of their own (CREATE TEMP TABLE made AS SELECT …, ai_gen(…) AS result FROM …), and use their results in the next: then they are made at once.';
const forAllRows = `${callsFirst} That asks about all rows, also those that this statement may leave out.`;
const fewerInOne =
  'Read the prompts from a table, or send fewer rows in a statement: then they are made at once.';
const inStatement =
  'Write the AI function in the statement itself, and not in a function of your own that it calls: then the calls are made at once.';
const inOneStatement =
  'Make the calls of all rows in one statement (INSERT INTO … SELECT …, ai_gen(…) FROM …), or send those that call behind one another, with no others between them: then they are made at once.';
const inOneMessage =
  'Make the calls of all rows in one statement (INSERT INTO … SELECT …, ai_gen(…) FROM …), or send the statements as one text or one batch (pgjdbc: without preferQueryMode=simple): then they are made at once.';
const inOneQuery =
  'Let one query make the calls of all rows, without variables of the function: INSERT INTO … SELECT ai_gen(…) FROM …, or results := ARRAY(SELECT ai_gen(…) FROM …). Then they are made at once.';
const notKept =
  'Send the statement without preparing it (JDBC: prepareThreshold=0; psycopg: prepare_threshold=None), and name the schemas of what is in it: then its calls are made at once.';
const readWhole =
  'Read the query to its end without a cursor, or write its results to a table first (CREATE TEMP TABLE made AS SELECT …, ai_gen(…) AS result FROM …) and read that in parts: then the calls are made at once.';

const ofResults: readonly Kind[] = [
  {
    form: 'There is no other form: each step of a recursion follows from the one before.',
    reasons: [/^a result decides how far it goes$/],
  },
  {
    form: 'Make the call that LIMIT or OFFSET takes in a statement before this one, and write its result here: then the others are made at once.',
    reasons: [/^a result decides how many rows are read$/],
  },
  {
    form: forAllRows,
    reasons: [
      /^a result decides (?:which rows|how often|whether|how far is read)/,
      /^a (?:sub-select may be left before its end|sub-select that is left at its first row|comparison with rows ends at the first)/,
      /^one more row is wanted, /,
      /^its conditions are evaluated in the order of their costs$/,
    ],
  },
  {
    form: 'Give the column a name (… AS result): then the calls are made at once.',
    reasons: [/^a column without a name is part of what is asked$/],
  },
];

const ofWriting: readonly Kind[] = [
  {
    form: 'Write the call in the statement itself in place of a trigger or a default (INSERT INTO … SELECT …, ai_gen(…) FROM …), or fill the column when the rows are there (UPDATE … SET … = ai_gen(…)): then the calls are made at once.',
    reasons: [
      /^a trigger, a default or the like runs it\b|^a trigger may read /,
      /^they stand in what it runs for its rows /,
    ],
  },
  {
    form: 'Take the rows by a statement of their own first (UPDATE … SET taken = true … RETURNING …), and make the calls in the next: then they are made at once.',
    reasons: [/^it locks the rows that it reads$/],
  },
  {
    form: 'Write by a statement of its own what the WITH writes, before this one: then the calls are made at once.',
    reasons: [/^it writes in a WITH$/],
  },
  {
    form: 'Write the rows first, and ask about them in a statement behind it (UPDATE … SET … = ai_gen(…), or SELECT): then the calls are made at once.',
    reasons: [/^a call stands in its RETURNING$/, /^it is no query$/, /^the calls stand in what it runs$/],
  },
  {
    form: callsFirst,
    reasons: [
      /^it cannot be (?:taken apart|written out)$/,
      /^the statement cannot be read$/,
      /^it is about rows of no source$/,
      /^which rows (?:match|meet which|are written)/,
      /^a trigger may change what it inserts$/,
      /^only some of its calls can be submitted ahead$/,
      /^(?:a setting|a rule of .*) may give something else each time$/,
      /^what is stored of the view cannot be read$/,
    ],
  },
];

const ofFunctions: readonly Kind[] = [
  {
    form: inStatement,
    reasons: [
      /^not only the statement calls it$/,
      /^its body cannot be read$/,
      /^a parameter has the name of a table$/,
      /^it does more than compute a value$/,
      /^it is called by another one$/,
      /^a collation is named$|has a collation of its own$/,
      /^how the statement calls it is not known$/,
      /^the statement has made calls before$/,
      /^what it reads may have changed since it began$|^rows of .* may have changed since it began$/,
      / is large, and others may have changed it since the statement began$/,
      /^a call stands where it is not seen$/,
      /^nothing is known under its name$/,
    ],
  },
  {
    form: 'Put the function in FROM, where all its rows are read, or write the AI function in the statement itself: then the calls are made at once.',
    reasons: [/^its rows are read in parts$/],
  },
  {
    form: inOneQuery,
    reasons: [
      /^a variable may have the name of a column there$/,
      /^a function has run the block$/,
      /^several loops stand in one line of its function$/,
      /^its function may leave the loop before its end$/,
      /^they stand in a function or a block$/,
    ],
  },
  {
    form: 'Send them one by one: then the calls of each are made at once.',
    reasons: [/^several (?:blocks|statements) were sent as one text$/],
  },
];

const ofNames: readonly Kind[] = [
  {
    form: 'Say which rows are the first (ORDER BY): then the calls are made at once.',
    reasons: [/^LIMIT without ORDER BY on /, /^which rows a LIMIT without ORDER BY takes /],
  },
  {
    form: 'Read the tables themselves in place of the view or the function: then the calls are made at once.',
    reasons: [/^a part of .* may give something else each time$/],
  },
  {
    form: 'Make the calls in a statement of their own without it (CREATE TEMP TABLE made AS SELECT …, ai_gen(…) AS result FROM …), or say of a function of yours that always gives the same that it is STABLE or IMMUTABLE: then they are made at once.',
    reasons: [/ may give something else each time$/],
  },
  {
    form: 'Ask for the setting in a statement of its own: then the calls are made at once.',
    reasons: [/^it reads a setting that the gateway may set$/],
  },
  {
    form: 'Give the two CTEs different names: then the calls are made at once.',
    reasons: [/^two of its CTEs have one name$/],
  },
  {
    form: 'Give your functions other names than those of AI functions: then the calls are made at once.',
    reasons: [/^functions of your own have the names of AI functions$/],
  },
  {
    form: 'SET ai_gen.at_once = on: then they are made at once where they can be.',
    reasons: [/^ai_gen\.at_once is off$/],
  },
  {
    form: fewerInOne,
    reasons: [
      /^its plan (?:is too long|cannot be read)$/,
      /^(?:its|the) text is longer than \d+ characters$/,
      /^it is (?:nested too deeply$|longer than )/,
    ],
  },
  { form: callsFirst, reasons: [/^PostgreSQL runs a .* for it$/, /^its calls could not be looked for: /] },
];

const ofWhatIsKept: readonly Kind[] = [
  {
    form: 'Write the values in the statement, without parameters, or SET plan_cache_mode = force_custom_plan: then the calls are made at once.',
    reasons: [
      /^PostgreSQL may run it in another way than it is looked at$/,
      /^its parameters are not known beforehand$/,
    ],
  },
  {
    form: 'Make the call in a statement before this one, and give EXECUTE its result: then the others are made at once.',
    reasons: [/^a call stands in what it is given$/],
  },
  {
    form: notKept,
    reasons: [
      /^a look at it came upon other calls than it makes$/,
      /may have meant another (?:table|function|type) when it was prepared$/,
      /^it may have been (?:planned|prepared) before .* was set$/,
      /^what time it is was read when it was prepared$/,
      /^what is prepared cannot be read$|^nothing is (?:prepared|stored) under its name$/,
    ],
  },
  {
    form: readWhole,
    reasons: [
      /^its cursor |^what its cursor reads cannot be read$|^a function may have moved its cursor$/,
      /^rows of (?:its cursor|it) were read before$|^rows of a cursor were read elsewhere$/,
      /^how many of its rows are wanted is not known$/,
      /^nothing is declared under its name$|^it keeps several cursors$/,
      /^what it names has changed since it was opened$|may have meant another operator when it was opened$/,
      /^it may have been opened with other rights on /,
    ],
  },
];

const ofTogether: readonly Kind[] = [
  {
    form: inOneMessage,
    reasons: [/^each statement makes one call, /, /^several batches were sent one behind another$/],
  },
  {
    form: inOneStatement,
    reasons: [
      /^(?:statements of another kind|other statements) stand (?:between|before) them$/,
      /^they are not all of a kind that can be looked at$/,
      /^more than \d+ statements were sent together$/,
      /^statement_timestamp is another one for each$/,
      / is (?:no plain table|a sequence|read and written)$/,
      / has (?:rules|row security|triggers)$/,
      /^rows of .* may move to another partition$/,
      /^a foreign key changes other rows with those of /,
      /^a (?:default or a generated column|check|domain|type) of .* may do more$/,
      /^a table is not found$|^the transaction is read-only$|^it is not planned$/,
      /^its first look was cut off$/,
    ],
  },
  {
    form: "SET client_encoding = 'UTF8', or make the calls of all rows in one statement: then they are made at once.",
    reasons: [/^they are not in UTF-8$/],
  },
  {
    form: 'Send what is longer than 256 KB in a statement of its own: then the calls of the others are made at once.',
    reasons: [/^a parameter is longer than 256 KB$/],
  },
];

const kinds = [...ofResults, ...ofWriting, ...ofFunctions, ...ofNames, ...ofWhatIsKept, ...ofTogether];

/** Undefined: it is no reason that is known here. */
export function knownForm(why: string): string | undefined {
  return kinds.find(({ reasons }) => reasons.some((each) => each.test(why)))?.form;
}

/** What to write instead; a reason that nobody has thought of has the form that is always at once. */
export function otherForm(why: string, together?: 'together'): string {
  if (!together) return knownForm(why) ?? callsFirst;
  const known = ofTogether.find(({ reasons }) => reasons.some((each) => each.test(why)));
  return known?.form ?? inOneStatement;
}
