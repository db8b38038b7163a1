/** Pictures and videos, loaded only when they come into view. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Medium } from '../server/answers.js';
import { t } from './language.js';

/** In a gallery: a small picture, or a video that can be played where it is. */
export function SmallMedium({ medium, description }: { medium: Medium; description: string }) {
  if (medium.expired) return <Gone expired />;
  if (medium.kind === 'video') return <LazyVideo address={medium.address} description={description} button />;
  return <Picture address={medium.thumbnail ?? medium.address} description={description} />;
}

export function WholeMedium({ medium, description }: { medium: Medium; description: string }) {
  if (medium.expired) return <Gone expired />;
  if (medium.kind === 'video') return <LazyVideo address={medium.address} description={description} />;
  return (
    <a href={medium.address} target="_blank" rel="noreferrer" class="whole">
      <Picture address={medium.address} description={description} />
    </a>
  );
}

function Picture({ address, description }: { address: string; description: string }) {
  const [gone, setGone] = useState(false);
  if (gone) return <Gone />;
  return (
    <img src={address} alt={description} loading="lazy" decoding="async" onError={() => setGone(true)} />
  );
}

/** Its first picture when it comes into view; controls at once, or after a press on the button over it. */
function LazyVideo(props: { address: string; description: string; button?: boolean }) {
  const { address, description, button = false } = props;
  const video = useRef<HTMLVideoElement>(null);
  const [near, setNear] = useState(false);
  const [gone, setGone] = useState(false);
  const [played, setPlayed] = useState(!button);
  useEffect(() => {
    if (!video.current) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) setNear(true);
    });
    observer.observe(video.current);
    return () => observer.disconnect();
  }, []);
  const play = () => {
    setPlayed(true);
    video.current?.play();
    video.current?.focus();
  };
  if (gone) return <Gone />;
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: there are no captions for generated videos; the prompt is the description. */}
      <video
        ref={video}
        src={near ? address : undefined}
        aria-label={description}
        preload="metadata"
        controls={played}
        playsInline
        onError={() => near && setGone(true)}
      />
      {!played && (
        <button
          type="button"
          class="play"
          aria-label={t('medium.play', { prompt: description })}
          onClick={play}
        >
          ▶
        </button>
      )}
    </>
  );
}

function Gone({ expired = false }: { expired?: boolean }) {
  return <div class="gone">{t(expired ? 'medium.expired' : 'medium.gone')}</div>;
}
