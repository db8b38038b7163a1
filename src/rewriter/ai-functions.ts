/**
 * The AI functions: the one list that the rewriter, the engine's overloads and their twins in pg_catalog are made from. A function more is
 * a row here and, where it asks the gateway something of its own, an SQL file with the first form of its submit.
 */

export interface AiFunction {
  /** What clients write. */
  name: string;
  /** Hands the call to the gateway and gives a handle. It takes the same arguments as the function. */
  submit: string;
  /** Takes a handle and gives the result. */
  wait: string;
  /** Makes what the gateway is asked for a call of it, from 'submit' and all arguments; with it, statements are looked ahead in. */
  question?: string;
  /** The public form that outlives its statement and gives a handle, if there is one. It takes the same arguments too. */
  detached?: string;
  /** Its argument forms. The first one has all arguments; an SQL file says what `submit` and `detached` do with it. */
  forms: readonly (readonly AiArgument[])[];
}

export interface AiArgument {
  name: string;
  type: string;
}

const model = { name: 'model', type: 'text' };
const file = { name: 'file', type: 'hologen.file' };
const prompt = (type: string) => ({ name: 'prompt', type });

export const aiFunctions: readonly AiFunction[] = [
  {
    name: 'ai_gen',
    submit: 'submit_call',
    wait: 'wait_call',
    question: 'call_question',
    detached: 'ai_submit',
    // The request is text, as Hologres documents it, or json or jsonb without the cast that people forget.
    forms: [
      [model, prompt('text'), file],
      [prompt('text'), file],
      [model, prompt('text')],
      [prompt('text')],
      [model, prompt('json'), file],
      [model, prompt('jsonb'), file],
      [prompt('json'), file],
      [prompt('jsonb'), file],
      [model, prompt('json')],
      [model, prompt('jsonb')],
    ],
  },
];

/** Where functions of the engine that are not AI functions are found unqualified too. */
export const otherPublicNames: readonly string[] = [
  ...['to_file', 'file_url', 'ai_wait', 'ai_status', 'ai_cancel', 'ai_estimate', 'share_job'],
  ...['register_external_model', 'add_external_model', 'delete_external_model', 'list_external_models'],
  ...['set_budget', 'remove_budget', 'grant_model', 'revoke_model', 'set_table_property'],
  ...['hg_version', 'hg_dump_script', 'hg_show_build_index_progress', 'instance_max_connections'],
  ...['hg_upgrade_all_normal_dynamic_tables', 'hg_dynamic_table_config_upgrade'],
];

/** What stands in the place of a function while the gateway looks ahead: where its result is there, and where it is not to be made yet. */
export function madeName(name: string): string {
  return `hologen_caller.made_${name}`;
}
export function laterName(name: string): string {
  return `hologen_caller.later_${name}`;
}

/** The function that clients call by this name. */
export function aiFunctionNamed(name: string | undefined): AiFunction | undefined {
  return aiFunctions.find((each) => each.name === name);
}

/** True for texts in which one of the names stands anywhere. */
export function mentionsAiFunction(text: string): boolean {
  const lower = text.toLowerCase();
  return aiFunctions.some(({ name }) => lower.includes(name));
}

const calls = new RegExp(`\\b(?:${aiFunctions.map(({ name }) => name).join('|')})"?\\s{0,100}\\(`, 'gi');

/** How often a name stands before a parenthesis, be it in a comment or a string. */
export function callsOfAiFunctions(text: string): number {
  return text.match(calls)?.length ?? 0;
}

/** True for names by which an author chooses the order of submits and waits. */
export function choosesOrder(name: string | undefined): boolean {
  return (
    name === 'ai_wait' || aiFunctions.some(({ detached }) => detached !== undefined && detached === name)
  );
}

/** True for the qualified names that the rewriter puts in place of calls. */
export function isOwnName(name: string): boolean {
  return aiFunctions.some(({ submit, wait }) => [submit, wait].some((own) => name === `hologen.${own}`));
}
