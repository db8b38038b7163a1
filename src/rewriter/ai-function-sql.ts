/** The SQL of the AI functions and their argument forms, made from the list: overloads that fill in what a form leaves out, twins' names. */
import {
  type AiArgument,
  type AiFunction,
  aiFunctions,
  laterName,
  madeName,
  otherPublicNames,
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
  const submits = [submit, ...(detached ? [detached] : [])];
  const asked = `hologen_caller.${question}('submit', ${named(whole)})`;
  return [
    ...(written ? [] : [define(submit, whole, `hologen_caller.submit_question(${asked})`)]),
    ...submits.flatMap((each) =>
      others.map((form) => define(each, form, `hologen.${each}(${filled(whole, form)})`)),
    ),
    ...(describe ? others : []).map((form) =>
      define(String(describe), form, `hologen.${describe}(${filled(whole, form)})`, 'json'),
    ),
    ...forms.flatMap((form) => asWritten(aiFunction, form, filled(whole, form))),
  ].join('\n');
}

/**
 * The function that clients call, and what stands in its place while the gateway looks ahead. All are of one form, and so of one cost: PostgreSQL
 * evaluates the conditions that stand side by side in the order of their costs.
 */
function asWritten(
  { name, submit, wait, question, returns = 'text' }: AiFunction,
  form: readonly AiArgument[],
  all: string,
): string[] {
  if (!question) return [define(name, form, `hologen.${wait}(hologen.${submit}(${named(form)}))`, returns)];
  const asked = `hologen_caller.${question}('submit', ${all})`;
  const waitMade = wait === 'wait_call' ? 'hologen_caller.wait_made' : `hologen.${wait}`;
  return [
    define(
      name,
      form,
      `hologen.${wait}(hologen_caller.ask_ahead(${asked}, pg_catalog.clock_timestamp()))`,
      returns,
    ),
    define(
      madeName(name),
      form,
      `${waitMade}(hologen_caller.ask_made(${asked}, pg_catalog.clock_timestamp()))`,
      returns,
    ),
    define(
      laterName(name),
      form,
      `${waitMade}(hologen_caller.later(${asked}, pg_catalog.clock_timestamp()))`,
      returns,
    ),
  ];
}

function define(name: string, form: readonly AiArgument[], body: string, returns = 'text'): string {
  const given = form.map(({ name: each, type, default: byDefault }) => {
    return `${each} ${type}${byDefault === undefined ? '' : ` DEFAULT ${byDefault}`}`;
  });
  return (
    `CREATE OR REPLACE FUNCTION ${name.includes('.') ? name : `hologen.${name}`}(${given.join(', ')}) RETURNS ${returns}\n` +
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
