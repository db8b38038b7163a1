-- Text-to-video
select ai_gen('wan26_t2v', json_build_object(
    'prompt', 'A chibi-style Liu Bei rides a horse rapidly from a distance, wearing a golden crown, a blue ancient-style robe, and a red belt, with a determined expression and a leader''s aura. The horse runs with powerful strides, kicking up light dust, and Liu Bei''s clothes flutter, creating a smooth and natural motion. The background features an ancient city gate, auspicious clouds, and morning light, creating a style that combines an epic feel with cartoon cuteness. The camera starts with a long shot to show the whole scene, then quickly zooms in to a medium-close shot to enhance the impact of the character''s entrance, suitable for an opening scene of a short video.',
   -- 'audio_url', 'oss://bucket/path/background.mp3',
    'parameters', json_build_object(
        'size', '1280*720',
        'prompt_extend', TRUE,
        'duration', 5,
        'shot_type', 'multi'
        )
    )::TEXT, 
to_file ('oss://xxx/holo_ai_powered_marketing_content/xxx', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::xxx:role/xxx')
);
