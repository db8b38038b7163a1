/** The SQL of the AI functions and their argument forms, made from the list: overloads that fill in what a form leaves out, twins' names. */
import {
  type AiArgument,
  type AiFunction,
  aiFunctions,
  laterName,
  madeName,
  notedName,
  otherPublicNames,
  partName,
} from './ai-functions.js';

/** What stands in SQL files in the place of generated SQL. */
export function generatedSql(): Record<string, string> {
  return {
    '@overloads@': aiFunctions.map(overloadsOf).join('\n'),
    '@public names@': publicNames()
      .map((name) => `'${name}'`)
      .join(', '),
  };
}

/** Names that clients find unqualified. */
function publicNames(): string[] {
  return [
    ...aiFunctions.flatMap(({ name, detached }) => [name, ...(detached ? [detached] : [])]),
    ...otherPublicNames,
  ];
}

function overloadsOf(aiFunction: AiFunction): string {
  const { submit, describe, detached, forms, question, written } = aiFunction;
  const [first = []] = forms;
  const whole = aiFunction.whole ?? first;
  const others = forms.filter((form) => form !== whole);
  const asked = `${partName(`${question}`)}('submit', ${named(whole)})`;
  const filling = (each: string, returns?: string) =>
    others.map((form) => define(each, form, `${each}(${filled(whole, form)})`, returns));
  return [
    ...(written ? [] : [define(partName(submit), whole, `${partName('submit_question')}(${asked})`)]),
    ...filling(partName(submit)),
    ...(detached ? filling(publicName(detached)) : []),
    ...(describe ? filling(partName(describe), 'json') : []),
    ...forms.flatMap((form) => asWritten(aiFunction, form, filled(whole, form))),
  ].join('\n');
}

/**
 * The function that clients call, and what stands in its place while the gateway looks ahead. All are of one form, and so of one cost: PostgreSQL
 * evaluates the conditions that stand side by side in the order of their costs.
 */
function asWritten(
  { name, submit, describe, wait, question, returns = 'text' }: AiFunction,
  form: readonly AiArgument[],
  all: string,
): string[] {
  if (!question) {
    const body = `${partName(wait)}(${partName(submit)}(${named(form)}))`;
    return [define(publicName(name), form, body, returns)];
  }
  const asked = `${partName(question)}('submit', ${all}), pg_catalog.clock_timestamp()`;
  const waitMade = partName(wait === 'wait_call' ? 'wait_made' : wait);
  const noted = notedName(name);
  const described = `${partName(String(describe))}(${all}), pg_catalog.clock_timestamp()`;
  return [
    ...(noted ? [define(noted, form, `${waitMade}(${partName('note')}(${described}))`, returns)] : []),
    define(publicName(name), form, `${partName(wait)}(${partName('ask_ahead')}(${asked}))`, returns),
    define(madeName(name), form, `${waitMade}(${partName('ask_made')}(${asked}))`, returns),
    define(laterName(name), form, `${waitMade}(${partName('later')}(${asked}))`, returns),
  ];
}

/** The whole name of what clients call. */
function publicName(name: string): string {
  return `hologen.${name}`;
}

function define(name: string, form: readonly AiArgument[], body: string, returns = 'text'): string {
  const given = form.map(({ name: each, type, default: byDefault }) => {
    return `${each} ${type}${byDefault === undefined ? '' : ` DEFAULT ${byDefault}`}`;
  });
  return (
    `CREATE OR REPLACE FUNCTION ${name}(${given.join(', ')}) RETURNS ${returns}\n` +
    `LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$ SELECT ${body} $$;`
  );
}

function named(form: readonly AiArgument[]): string {
  return form.map(({ name }) => name).join(', ');
}

/** All arguments, from those of the form: NULL for what it leaves out, and a cast where its type is another one. */
function filled(whole: readonly AiArgument[], form: readonly AiArgument[]): string {
  const value = ({ name, type }: AiArgument) => {
    const given = form.find((argument) => argument.name === name);
    if (!given) return 'NULL';
    return given.type === type ? name : `${name}::${type}`;
  };
  return whole.map(value).join(', ');
}
