-- Generate an image from text and save it to your OSS bucket.
SELECT
    ai_gen('qwen_image_2_pro',
    json_build_object(
        'prompt', 'Generate a chibi-style character of Liu Bei',
        'parameters', json_build_object(
            'n', 1,
            'size', '1024*1024',
            'watermark', FALSE
            ),
        'output_dir', 'oss://xxx/holo_ai_powered_marketing_content/'-- The OSS file path.
        )::TEXT,
    to_file('oss://xxx/holo_ai_powered_marketing_content/xxx', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')
    );
