/** Statements to begin with on *Try*; they use what the sandbox has. */
import type { TextKey } from './texts/en.js';

const file = `to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')`;

export const examples: { key: TextKey; sql: string }[] = [
  {
    key: 'example.picture',
    sql: `SELECT ai_gen('qwen_image_2_pro',
  json_build_object(
    'prompt', 'A paper-cut fox under a winter moon, deep blue and gold',
    'parameters', json_build_object('size', '1024*1024'),
    'output_dir', 'oss://demo/pictures/')::text,
  ${file});`,
  },
  {
    key: 'example.rows',
    sql: `SELECT product, ai_gen('qwen_image_2',
  json_build_object(
    'prompt', product || ' on a wooden table, morning light',
    'output_dir', 'oss://demo/products/')::text,
  ${file})
FROM (VALUES ('A teapot'), ('A pear'), ('A straw hat')) AS shop (product);`,
  },
  {
    key: 'example.video',
    sql: `SELECT ai_gen('wan26_t2v',
  json_build_object(
    'prompt', 'A rider comes from the horizon to the city gate in morning light',
    'parameters', json_build_object('size', '1280*720', 'duration', 3),
    'output_dir', 'oss://demo/videos/')::text,
  ${file});`,
  },
  {
    key: 'example.text',
    sql: `SELECT ai_gen('qwen_plus', 'Name three colours that go with deep blue.');`,
  },
];
