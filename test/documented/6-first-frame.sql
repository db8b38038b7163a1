SELECT ai_gen('wan26_i2v', json_build_object(
    'prompt', 'Use this image as the first frame to generate a 5-second character entrance video. A chibi-style Liu Bei on his horse slowly approaches the camera. The character maintains a cute and exquisite Chinese comic style, with his blue costume and red belt swaying slightly, and he holds the "Hologres" scroll steady. The horse moves with natural steps, gently raising its head, its tail and mane swaying in the wind. The surrounding floating data charts and tech screens flash dynamically, blue light effects flow, and the grid on the ground extends forward and glows. The background blends an ancient-style pavilion with a futuristic data city. The camera slowly pushes in, creating a brand IP entrance and a tech ad atmosphere. The video is stable and smooth, with clear details.',
    'img_url', 'oss://xxx/holo_ai_powered_marketing_content/bde5d500-5efc-4d77-9651-6d6bd81906fe-1.png',
    --'audio_url', 'oss://bucket/path/background.mp3',
    'parameters', json_build_object(
        'resolution', '720P',
        'prompt_extend', TRUE,
        'duration', 5,
        'shot_type', 'multi'
    )
)::TEXT,
    to_file('oss://xxx/holo_ai_powered_marketing_content/39dd0230-5260-48b7-98cd-17c2a58b5052-1.png', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::xxx:role/xxx'));
