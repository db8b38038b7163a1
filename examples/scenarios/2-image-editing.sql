-- Image editing: two variations of a picture that lies in OSS.
SELECT ai_gen('qwen_image_edit',
  json_build_object(
    'prompt', 'The same character at dusk, lanterns in the background',
    'reference_urls', ARRAY['oss://hm-ai-hangzhou/holo_ai_powered_marketing_content/c8403238-3c88-44a6-ac85-2e5447e987b2.png'],
    'parameters', json_build_object('n', 2, 'size', '1024*1024'),
    'output_dir', 'oss://demo/pictures/')::text,
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'));
