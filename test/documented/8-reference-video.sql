SELECT ai_gen('wan26_r2v', json_build_object(
  'prompt', 'Merge oss://bucket/path/golden_man.png and oss://bucket/path/stone_man.png into a single image and generate a video of them shaking hands and smiling.',
  'reference_urls', array['oss://bucket/path/golden_man.png', 'oss://bucket/path/stone_man.png'],
  'parameters', json_build_object(
    'size', '1280*720',
    'duration', 5,
    'shot_type', 'multi',
    'audio', TRUE,
    'watermark', FALSE
  ),
  'output_dir', 'oss://bucket/output/'
)::TEXT, to_file('oss://bucket/path/golden_man.png', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'));
