/** How large a picture is by what its file says, before anything of it is unpacked. */
import { imageSize } from 'image-size';

/** No model makes a larger one; unpacked it takes 256 MB. A file of some kilobytes can say that it is much larger. */
const mostPixels = 64_000_000;

/** Throws where unpacking it would take too much memory; a file that tells no size is left to whoever unpacks it. */
export function refuseHugePicture(picture: Buffer): void {
  const { width, height } = sizeOf(picture);
  if (width * height > mostPixels)
    throw new Error(`a picture of ${width}*${height} pixels is more than is unpacked here`);
}

function sizeOf(picture: Buffer): { width: number; height: number } {
  try {
    return imageSize(picture);
  } catch {
    return { width: 0, height: 0 };
  }
}
