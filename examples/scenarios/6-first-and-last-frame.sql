-- Video between a first and a last frame. output_dir is a whole file name here.
SELECT ai_gen('wan22_kf2v_flash',
  json_build_object(
    'prompt', 'From the portrait the camera draws back until the rider stands in the city',
    'first_frame_url', 'oss://hm-ai-hangzhou/holo_ai_powered_marketing_content/c8403238-3c88-44a6-ac85-2e5447e987b2.png',
    'last_frame_url', 'oss://hm-ai-hangzhou/holo_ai_powered_marketing_content/bde5d500-5efc-4d77-9651-6d6bd81906fe-1.png',
    'parameters', json_build_object('resolution', '720P'),
    'output_dir', 'oss://demo/videos/transition.mp4')::text,
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'));
