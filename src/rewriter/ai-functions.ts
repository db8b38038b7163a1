/**
 * The AI functions: the one list that the rewriter, the engine's overloads and their twins in pg_catalog are made from. A function more is
 * a row here and an SQL function that makes its question.
 */

export interface AiFunction {
  /** What clients write. */
  name: string;
  /** Hands the call to the gateway and gives a handle. It takes the same arguments as the function. */
  submit: string;
  /** Describes the call, to be submitted together with those of other rows. It takes the same arguments too. */
  describe?: string;
  /** Takes a handle and gives the result; of a NULL handle NULL. */
  wait: string;
  /** The result's type; text when left out. */
  returns?: string;
  /** What its models are deployed for, first what it takes where none is named; undefined: whatever the request asks for. */
  tasks?: readonly string[];
  /** Makes what the gateway is asked for a call of it, from 'submit' and all arguments; with it, statements are looked ahead in. */
  question?: string;
  /** The public form that outlives its statement and gives a handle, if there is one. It takes the same arguments too. */
  detached?: string;
  /** Its argument forms. The first one has all arguments, unless `whole` does. */
  forms: readonly (readonly AiArgument[])[];
  /** All arguments of `submit` and `detached`, where no form has them. */
  whole?: readonly AiArgument[];
  /** An SQL file has `submit` and `detached` with all arguments. Otherwise `submit` hands over what `question` makes. */
  written?: true;
}

export interface AiArgument {
  name: string;
  type: string;
  /** An SQL expression for what may be left out at the end. */
  default?: string;
}

const argument = (name: string, type = 'text', byDefault?: string): AiArgument => ({
  ...{ name, type },
  ...(byDefault !== undefined && { default: byDefault }),
});
const model = argument('model');
const modelName = argument('model_name');
const content = argument('content');
const labels = argument('labels', 'text[]');
const file = argument('file', 'hologen.file');
const prompt = (type: string) => argument('prompt', type);
const request = (type: string) => argument('request', type);

/** A function over texts that a chat model does, with a model and without. */
function textFunction(
  name: string,
  forms: readonly (readonly AiArgument[])[],
  result: { wait: string; returns?: string },
): AiFunction {
  const submit = name.replace('ai_', 'submit_');
  const question = `${name.replace('ai_', '')}_question`;
  const withModel = forms.map((form) => [model, ...form]);
  return { name, submit, question, ...result, tasks: ['chat/completions'], forms: [...withModel, ...forms] };
}

const text = { wait: 'wait_text' };
const score = { wait: 'wait_score', returns: 'float8' };

export const aiFunctions: readonly AiFunction[] = [
  {
    name: 'ai_gen',
    submit: 'submit_call',
    describe: 'describe_call',
    wait: 'wait_call',
    question: 'call_question',
    detached: 'ai_submit',
    written: true,
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
      [prompt('json')],
      [prompt('jsonb')],
    ],
  },
  // Hologres' own signatures, from its help pages of the three functions.
  {
    name: 'ai_gen_structured',
    submit: 'submit_structured',
    question: 'structured_question',
    wait: 'wait_json',
    returns: 'json',
    tasks: ['chat/completions'],
    forms: [
      [modelName, argument('message'), argument('input_file', 'hologen.file'), ...structured()],
      [modelName, argument('message'), ...structured()],
    ],
  },
  {
    name: 'ai_embed',
    submit: 'submit_embed',
    question: 'embed_question',
    wait: 'wait_vector',
    returns: 'float4[]',
    tasks: ['embedding'],
    whole: [modelName, content, file, argument('"binary"', 'bytea'), argument('file_format')],
    forms: [
      [modelName, content],
      [content],
      [modelName, file],
      [file],
      [modelName, argument('"binary"', 'bytea'), argument('file_format')],
    ],
  },
  {
    name: 'ai_transcribe',
    submit: 'submit_transcribe',
    question: 'transcribe_question',
    wait: 'wait_json',
    returns: 'json',
    tasks: ['speech-to-text'],
    forms: [
      [model, argument('audio_file', 'hologen.file'), argument('options', 'jsonb')],
      [model, argument('audio_file', 'hologen.file')],
    ],
  },
  // Of these Hologres' pages tell the names; the arguments are those of Databricks' functions of the same names.
  textFunction('ai_classify', [[content, labels]], { wait: 'wait_label' }),
  textFunction('ai_extract', [[content, labels]], { wait: 'wait_json', returns: 'json' }),
  textFunction('ai_mask', [[content, labels]], text),
  textFunction('ai_fix_grammar', [[content]], text),
  textFunction('ai_summarize', [[content, argument('max_words', 'integer')], [content]], text),
  {
    ...textFunction('ai_translate', [[content, argument('to_lang')]], text),
    tasks: ['chat/completions', 'translation'],
  },
  textFunction('ai_sentiment', [[content]], { wait: 'wait_label' }),
  {
    ...textFunction('ai_rank', [[argument('query'), argument('document')]], score),
    tasks: ['chat/completions', 'rerank'],
  },
  textFunction('ai_parse_document', [[file]], text),
  {
    ...textFunction('ai_similarity', [[argument('text1'), argument('text2')]], {
      wait: 'wait_number',
      returns: 'float8',
    }),
    tasks: ['embedding'],
  },
  {
    name: 'image_generate',
    submit: 'submit_image',
    question: 'image_question',
    written: true,
    wait: 'wait_image',
    returns: 'json',
    forms: [
      [request('text'), file],
      [request('json'), file],
      [request('jsonb'), file],
      [request('text')],
      [request('json')],
      [request('jsonb')],
    ],
  },
];

function structured(): AiArgument[] {
  return [
    argument('response_format', 'json'),
    argument('on_error', 'text', "'capture'"),
    argument('params', 'json', "'{}'"),
  ];
}

/** Where functions of the engine that are not AI functions are found unqualified too. */
export const otherPublicNames: readonly string[] = [
  ...[
    'to_file',
    'try_to_file',
    'fl_get_size',
    'fl_get_etag',
    'fl_get_content_type',
    'fl_get_last_modified',
    'fl_get_file_type',
    'prompt',
    'ai_chunk',
    'file_url',
    'ai_wait',
    'ai_status',
    'ai_cancel',
    'ai_estimate',
    'share_job',
    'retry_job',
  ],
  ...['register_external_model', 'add_external_model', 'delete_external_model', 'list_external_models'],
  ...['register_usual_models', 'set_place', 'remove_place', 'refresh_object_table'],
  ...['pause_model', 'resume_model', 'drain_gateway', 'undrain_gateway', 'reload_settings'],
  ...['set_webhook', 'remove_webhook'],
  ...['set_budget', 'remove_budget', 'grant_model', 'revoke_model', 'set_table_property'],
  ...['hg_version', 'hg_dump_script', 'hg_show_build_index_progress', 'instance_max_connections'],
  ...['hg_upgrade_all_normal_dynamic_tables', 'hg_dynamic_table_config_upgrade'],
];

/** The whole name of what AI functions are made of, which stands where tools that list functions show none of it to people. */
export function partName(part: string): string {
  return `hologen_caller.${part}`;
}

/**
 * What stands in the place of a function while the gateway looks ahead: where its call is looked for, if it can be described; where its result is
 * there; and where it is not to be made yet.
 */
export function notedName(name: string): string | undefined {
  return aiFunctionNamed(name)?.describe && partName(`noted_${name}`);
}
export function madeName(name: string): string {
  return partName(`made_${name}`);
}
export function laterName(name: string): string {
  return partName(`later_${name}`);
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

/** The aggregate that submits the calls of a stage: sql/code/everywhere/0002-functions.sql. */
export const submitsStage = partName('submit_calls');

/** True for the qualified names that the rewriter puts in place of calls. */
export function isOwnName(name: string): boolean {
  if (name === submitsStage) return true;
  return aiFunctions.some(({ submit, describe, wait }) =>
    [submit, describe, wait].some((own) => own !== undefined && name === partName(own)),
  );
}
