/** Bad requests for text and embeddings. */
import { rights } from '../../../calls/statements.js';
import { emptyHint, golden, parameters, type Refusals } from './row.js';

const notes = { oss_path: 'oss://bucket/path/notes.txt', oss_endpoint: rights[0], role_arn: rights[1] };

const conversation = (messages: object[]) => ({ prompt: undefined, messages });

export const text: Refusals = {
  scenario: 'text',
  model: 'qwen_plus',
  good: { prompt: 'Name a colour.' },
  rows: [
    [null, 'the request of ai_gen is NULL', 'A JSON operator with a NULL side gives NULL; coalesce it.'],
    [' ', 'prompt must be a text that is not empty, not " "', emptyHint('prompt')],
    [{ prompt: '' }, 'prompt must be a text that is not empty, not ""', emptyHint('prompt')],
    [
      parameters({ size: '1024*1024' }),
      'unknown field "size" in parameters of task chat/completions',
      /^Known here: temperature, /,
    ],
    [
      { reference_urls: [golden] },
      'unknown field "reference_urls" in a text request',
      'Known here: prompt, args, parameters.',
    ],
    [{ args: 'a' }, 'args must be an array, not "a"', "Write 'args', json_build_array(…)."],
    [
      { prompt: '{0} {2}', args: ['a'] },
      'the prompt has the placeholder {2}, but args has 1 elements',
      'Placeholders count from {0}.',
    ],
    [
      { prompt: '{0}', args: ['a', 'b'] },
      'args[1], which is "b", is not used in the prompt',
      'Write {1} in its place in the prompt, or leave it out of args.',
    ],
    [
      { prompt: '{0}', args: [notes] },
      'args[0] must be a picture, video, sound file or PDF, not "oss://bucket/path/notes.txt"',
      /^Known endings: png, /,
    ],
    [
      { prompt: '{0}', args: [{ oss_path: golden, oss_endpoint: rights[0] }] },
      'the request has no args[0].role_arn',
      /^Add it/,
    ],
    [
      conversation([{ role: 'judge', content: 'Guilty.' }]),
      'messages[0].role must be one of system, user, assistant, not "judge"',
      /^Set messages/,
    ],
    [
      conversation([{ role: 'system', content: 'Be kind.' }]),
      'messages must be a conversation with a message of role user, not ["system"]',
      /^Set messages/,
    ],
    [
      conversation([
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://10.0.0.1/a.png' } }] },
      ]),
      'messages[0].content[0].image_url.url must be an https address or a data:image/… one, not "http://10.0.0.1/a.png"',
      'A picture in a store is a FILE: to_file(…).',
    ],
    [
      conversation([{ role: 'user', content: 'Hello', tool_calls: [] }]),
      'unknown field "tool_calls" in messages[0]',
      'Known here: role, content, name.',
    ],
  ],
};

/** Of answers in JSON. */
text.rows.push(
  [
    parameters({ response_format: { type: 'xml' } }),
    'response_format.type must be one of text, json_object, json_schema, not "xml"',
    /^Set response_format.type/,
  ],
  [
    parameters({ response_format: { type: 'json_object' } }),
    /^the prompt must be one that speaks of JSON/,
    "Add 'Answer in JSON.' to it.",
  ],
  [
    parameters({ response_format: { type: 'json_schema', json_schema: { name: 'a' } } }),
    'response_format.json_schema.schema must be a JSON schema, not missing',
    'Write {"type": "object", …}.',
  ],
);

export const embedding: Refusals = {
  scenario: 'embedding',
  model: 'text_embedding_v4',
  good: { prompt: 'a red door' },
  rows: [
    [
      parameters({ temperature: 1 }),
      'unknown field "temperature" in parameters of task embedding',
      'Known here: dimensions.',
    ],
    [
      parameters({ dimensions: 1000 }),
      'parameters.dimensions must be one of 1024, 2048, 1536, 768, 512, 256, 128, 64 for text-embedding-v4, not 1000',
      /^Set parameters.dimensions/,
    ],
    [
      {},
      `an embedding model reads text alone, and the call passes the file ${golden}`,
      'Leave the FILE out, or use a model of type qwen3-vl-embedding.',
      { file: golden },
    ],
  ],
};
