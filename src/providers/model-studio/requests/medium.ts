/** One object that a request names: its path, and what it may be. */
import { type Json, optionalText, refuse, requiredText } from '../../../fields.js';
import { formatOf, type MediumKind } from '../../../media/kinds.js';
import { isDirectory } from '../../../storage/path.js';
import type { Medium } from '../../provider.js';
import type { Asked } from '../family.js';

/** What a medium is: by its ending, else the only kind that its field takes; undefined: nobody can say. */
export function kindOf({ path, kinds }: Medium): MediumKind | undefined {
  return formatOf(path?.key ?? '')?.kind ?? (kinds.length === 1 ? kinds[0] : undefined);
}

/** A field that names one object. */
export function requiredMedium(request: Json, field: string, kinds: MediumKind[], asked: Asked): Medium {
  return medium(field, requiredText(request, field), kinds, asked);
}

/** A field that names one object or is left out. */
export function optionalMedium(request: Json, field: string, kinds: MediumKind[], asked: Asked): Medium[] {
  const text = optionalText(request, field);
  return text === undefined ? [] : [medium(field, text, kinds, asked)];
}

/** The object at a path. */
export function medium(field: string, text: string, kinds: MediumKind[], { places, type }: Asked): Medium {
  const path = places.readPath(text, field);
  if (isDirectory(path))
    refuse(field, text, 'the path of one object', 'Name the file: oss://bucket/path/file.png.');
  const made: Medium = { field, text, path, kinds, file: undefined };
  if (type.pictureMebibytes && kindOf(made) === 'picture') made.mostMebibytes = type.pictureMebibytes;
  return made;
}
