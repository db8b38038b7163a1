-- Video from references: the paths in the prompt say who is who.
SELECT ai_gen('wan26_r2v',
  json_build_object(
    'prompt', 'oss://bucket/path/golden_man.png and oss://bucket/path/stone_man.png meet on a bridge and shake hands',
    'reference_urls', ARRAY['oss://bucket/path/golden_man.png', 'oss://bucket/path/stone_man.png'],
    'parameters', json_build_object('size', '1280*720', 'duration', 5, 'shot_type', 'multi', 'audio', TRUE),
    'output_dir', 'oss://demo/videos/')::text,
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'));
