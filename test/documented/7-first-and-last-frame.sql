-- Generate a video from first and last frame images.
SELECT ai_gen('wan22_kf2v_flash', json_build_object(
  'prompt', 'Use the first image as the start frame and the second as the end frame to generate a 5-second smooth transition video. A chibi-style Liu Bei is on a horse, holding a "Hologres" scroll, with a background of tech data panels and a blue grid floor. The horse takes small steps, and the character bobs slightly. Subsequently, the tech screens, blue light effects, and city background gradually fade out. The scroll is put away, the horse slowly disappears, and the character lands naturally, transitioning to a standing posture, holding a short cyan blade. The background changes to a simple rice paper and auspicious clouds, smoothly transitioning to the state of the second image. Maintain consistent character costume, crown, chibi-style proportions, and art style. The motion should be natural, the transition seamless, and the camera stable.',
  'first_frame_url', 'oss://xxx/holo_ai_powered_marketing_content/xxx',
  'last_frame_url', 'oss://xxx/holo_ai_powered_marketing_content/yyyy',
  'parameters', json_build_object(
    'resolution', '720P',
    'prompt_extend', TRUE
    -- 'duration', 5
          )
   )::TEXT,
  to_file('oss://hm-ai-xxx/holo_ai_powered_marketing_content/xxx', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::xxx:role/xxx'));
