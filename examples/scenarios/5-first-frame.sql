-- Video from a first frame: the picture starts to move.
SELECT ai_gen('wan26_i2v',
  json_build_object(
    'prompt', 'The horse lifts its head and walks towards the camera',
    'img_url', 'oss://hm-ai-hangzhou/holo_ai_powered_marketing_content/bde5d500-5efc-4d77-9651-6d6bd81906fe-1.png',
    'parameters', json_build_object('resolution', '720P', 'duration', 3),
    'output_dir', 'oss://demo/videos/')::text,
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'));
