/** PDF reaches the models that read it, by ai_gen and by ai_parse_document. */
import { expect, test } from 'vitest';
import { putObject, rights } from '../calls/statements.js';
import { refusal, startTestGateway } from '../gateway.js';

const file = (path: string) => `to_file('${path}', '${rights[0]}', '${rights[1]}')`;

test('ai_parse_document and ai_gen read a PDF by a model that reads such files, where one is deployed', async () => {
  await using gateway = await startTestGateway();
  const client = await gateway.client();
  const one = async (text: string) => Object.values((await client.query(text)).rows[0])[0];
  const pdf = 'oss://bucket/path/report.pdf';
  await putObject(gateway.dataDir, pdf, Buffer.from('%PDF-1.7'));
  // Without one the provider says what the model cannot do.
  const none = await refusal(client.query(`SELECT ai_parse_document(${file(pdf)})`));
  expect(none.message).toContain('does not support file input');
  await client.query(
    "CALL register_external_model('reader', 'qwen3.8-flash', 'bailian', '{}', 'chat/completions')",
  );
  expect(await one(`SELECT ai_parse_document(${file(pdf)})`)).toContain('Media: document pdf, 8 bytes');
  expect(await one(`SELECT ai_gen('reader', 'What is this?', ${file(pdf)})`)).toContain(
    'Media: document pdf',
  );
  const asked = { role: 'user', content: [{ type: 'file', file: { file_url: 'http://example.com/a.pdf' } }] };
  const error = await refusal(
    client.query("SELECT ai_gen('reader', $1)", [JSON.stringify({ messages: [asked] })]),
  );
  expect(error.message).toContain('messages[0].content[0].file.file_url must be the https address of a PDF');
});
