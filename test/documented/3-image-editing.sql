-- Image editing
SELECT ai_gen('qwen_image_edit', json_build_object(
    'prompt', 'Keep the original chibi-style Liu Bei character and Chinese-style comic look. Show Liu Bei riding a tall warhorse as he surveys ahead, calm and commanding. The background blends an ancient city with a futuristic data city, with floating charts, dashboards, blue glowing grids, and streams of information. Liu Bei holds a scroll or token that symbolizes command and decision-making, with a "Hologres" logo on it. Use a grand composition with strong branding and an ad feel that highlights "total control, real-time insight, and strategic planning".',
    'reference_urls', array['oss://xxx/holo_ai_powered_marketing_content/c8403238-3c88-44a6-ac85-2e5447e987b2.png'],
    'parameters', json_build_object(
        'n', 2,
        'size', '1024*1024',
        'watermark', FALSE
    )
)::TEXT, to_file('oss://xxx/holo_ai_powered_marketing_content/xx', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::xxx:role/xxx'));
