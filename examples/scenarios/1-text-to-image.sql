-- Text to image: one picture, saved to OSS.
SELECT ai_gen('qwen_image_2_pro',
  json_build_object(
    'prompt', 'A paper-cut fox under a winter moon, deep blue and gold',
    'parameters', json_build_object('n', 1, 'size', '1024*1024', 'watermark', FALSE),
    'output_dir', 'oss://demo/pictures/')::text,
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'));
