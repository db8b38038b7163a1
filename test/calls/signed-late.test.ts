/** Media are signed when their call has its place in the line, and anew at each repetition: an hour after the statement began they are good all the same. */
import { expect, test } from 'vitest';
import { startOwnCloud } from './own-cloud.js';
import { rights } from './statements.js';

test('the second of two edits, and one that was throttled, are sent with addresses that were signed when they were sent', async () => {
  const cloud = await startOwnCloud();
  try {
    const type = 'qwen-image-edit-plus';
    const client = await cloud.gateway.client();
    // One at a time: the second waits for the end of the first.
    await client.query(
      `CALL register_external_model('editor', '${type}', 'bailian', '{"concurrent_tasks": 1}', 'image-generation')`,
    );
    const painted = await client.query(
      `SELECT ai_gen('qwen_image_2', '{"prompt": "a lake", "output_dir": "oss://bucket/frames/"}', to_file('oss://bucket/', $1, $2))::json #>> '{image_oss_paths,0}' AS path`,
      rights,
    );
    const busy = { code: 'Throttling.RateQuota', message: 'slow down', request_id: 'r' };
    cloud.speaker.script(type, { status: 429, headers: { 'retry-after': '2' }, body: busy });
    await client.query(
      `SELECT ai_gen('editor', json_build_object('prompt', word, 'reference_urls', json_build_array($1::text)), to_file('oss://bucket/', $2, $3))
       FROM unnest('{warmer,colder}'::text[]) AS w (word)`,
      [painted.rows[0].path, ...rights],
    );
    const signed = cloud.speaker.bodies(type).map(({ input }) => {
      const address = new URL(input.messages[0].content[0].image);
      return Date.parse(
        `${address.searchParams.get('x-oss-date')}`.replace(
          /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
          '$1-$2-$3T$4:$5:$6Z',
        ),
      );
    });
    expect(signed).toHaveLength(3);
    const [first, again, second] = signed as [number, number, number];
    // Signatures count in seconds.
    expect(again - first).toBeGreaterThanOrEqual(1000);
    expect(second).toBeGreaterThanOrEqual(again);
  } finally {
    await cloud.close();
  }
});
