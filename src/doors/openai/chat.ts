/** `POST /v1/chat/completions`: a conversation with a text model. @see https://platform.openai.com/docs/api-reference/chat/create */
import { randomUUID } from 'node:crypto';
import { type Json, refuse } from '../../fields.js';
import type { Asked } from './asked.js';
import { type Idle, refuseOthers, requiredTextAt } from './request.js';
import { spentAt } from './spent.js';

/** Sent on as they are: the model's own reading refuses what is out of range. */
const parameters = [
  ...[
    'temperature',
    'top_p',
    'top_k',
    'max_tokens',
    'max_completion_tokens',
    'seed',
    'stop',
    'presence_penalty',
  ],
  ...[
    'frequency_penalty',
    'repetition_penalty',
    'response_format',
    'enable_thinking',
    'thinking_budget',
    'enable_search',
    'reasoning_effort',
  ],
];
const idle: Idle = {
  n: [1],
  tools: [],
  tool_choice: ['none', 'auto'],
  functions: [],
  logprobs: [false],
  modalities: [],
  store: [false],
  service_tier: ['auto', 'default'],
  parallel_tool_calls: [true, false],
  metadata: [],
};

export async function completeChat({ body, runAs }: Asked): Promise<Json | Response> {
  refuseOthers(
    body,
    ['model', 'messages', 'stream', 'stream_options', ...parameters],
    idle,
    'a chat completion',
  );
  const model = requiredTextAt(body, 'model');
  if (!Array.isArray(body.messages) || body.messages.length === 0)
    refuse('messages', body.messages, 'an array of messages, each with role and content');
  const given = parameters.flatMap((name) => (body[name] == null ? [] : [[name, body[name]]]));
  const request = JSON.stringify({ messages: body.messages, parameters: Object.fromEntries(given) });
  const { text, finish, spent } = await runAs(async (role) => {
    const [row] = await role.query<{ text: string; at: string }>(
      'SELECT hologen.ai_gen($1::text, $2::text) AS text, statement_timestamp()::text AS at',
      [model, request],
    );
    const cut = role.notices.some((notice) => notice.includes('ai_gen: an answer was cut'));
    return {
      text: row?.text ?? '',
      finish: cut ? 'length' : 'stop',
      spent: await spentAt(role, row?.at ?? ''),
    };
  });
  const { promptTokens, completionTokens, hologen } = spent;
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
  const common = {
    id: `chatcmpl-${hologen.job_ids[0] ?? randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model,
  };
  if (body.stream === true) return stream(common, text, finish, usage, body);
  const message = { role: 'assistant', content: text, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
  return { ...common, object: 'chat.completion', choices, usage, hologen };
}

/** In the form of a stream, with the text in one piece: SQL gives a result when it is whole. */
function stream(
  common: Json,
  text: string,
  finish: string,
  usage: Json,
  { stream_options: options }: Json,
): Response {
  const chunk = (more: Json) => ({ ...common, object: 'chat.completion.chunk', ...more });
  const delta = (content: Json, finish_reason: string | null) =>
    chunk({ choices: [{ index: 0, delta: content, logprobs: null, finish_reason }] });
  const withUsage = (options as Json | undefined)?.include_usage === true;
  const events = [
    delta({ role: 'assistant', content: text }, null),
    delta({}, finish),
    ...(withUsage ? [chunk({ choices: [], usage })] : []),
  ];
  const lines = [...events.map((event) => JSON.stringify(event)), '[DONE]'].map(
    (data) => `data: ${data}\n\n`,
  );
  return new Response(lines.join(''), {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
  });
}
