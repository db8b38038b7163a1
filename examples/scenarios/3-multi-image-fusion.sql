-- Multi-image fusion: two pictures become one.
SELECT ai_gen('qwen_image_2_pro',
  json_build_object(
    'prompt', 'The character of the first picture riding through the city of the second',
    'reference_urls', ARRAY[
      'oss://hm-ai-hangzhou/holo_ai_powered_marketing_content/c8403238-3c88-44a6-ac85-2e5447e987b2.png',
      'oss://hm-ai-hangzhou/holo_ai_powered_marketing_content/bde5d500-5efc-4d77-9651-6d6bd81906fe-1.png'],
    'parameters', json_build_object('size', '1536*1024'),
    'output_dir', 'oss://demo/pictures/')::text,
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'));
