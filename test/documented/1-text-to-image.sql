-- Generate an image from text, preview it directly without saving it to OSS, and use the deployed qwen-image-2.0-pro model.
SELECT
    ai_gen('qwen_image_2_pro',
    json_build_object(
        'prompt', 'Generate a chibi-style character of Liu Bei',
        'parameters', json_build_object(
            'n', 1,
            'size', '1024*1024',
            'watermark', FALSE
            )
        )::TEXT,
    to_file('oss://xxxx/holo_ai_powered_marketing_content/xxx', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')-- Use to_file() for authorization.
    );
