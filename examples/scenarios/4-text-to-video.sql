-- Text to video: five seconds, several shots.
SELECT ai_gen('wan26_t2v',
  json_build_object(
    'prompt', 'A rider comes from the horizon to the city gate in morning light, camera slowly closing in',
    'parameters', json_build_object('size', '1280*720', 'duration', 5, 'prompt_extend', TRUE, 'shot_type', 'multi'),
    'output_dir', 'oss://demo/videos/')::text,
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'));
