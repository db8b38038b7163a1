SELECT ai_gen('qwen_image_2_pro', json_build_object(
    'prompt', 'Keep the chibi-style Liu Bei character and clothing design from the first image. Place the character in the center holding a "Hologres" scroll. Add a glowing data sigil or blue tech ring under his feet. Gradually reveal a warhorse behind him. Keep Chinese-style clouds, rice paper texture, and an ancient vibe on the left side, and transition to a blue futuristic data city with floating screens, real-time charts, and streams of digital light on the right. Change Liu Bei’s expression from calm to determined to show a sense of mission as he steps into the tech world to promote a real-time data warehouse.',
    'reference_urls', array['oss://hm-ai-hangzhou/holo_ai_powered_marketing_content/c8403238-3c88-44a6-ac85-2e5447e987b2.png', 'oss://hm-ai-hangzhou/holo_ai_powered_marketing_content/bde5d500-5efc-4d77-9651-6d6bd81906fe-1.png'],
    'parameters', json_build_object(
        'n', 1,
        'size', '1024*1024',
        'watermark', FALSE
    )
)::TEXT,
to_file('oss://xxxx/holo_ai_powered_marketing_content/xxx', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::xxxx:role/xxxx')
);
