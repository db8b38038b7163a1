/** Questions about places with a name, which administrators set and remove. */
import { refuse, requiredText } from '../../fields.js';
import type { Json } from '../../json.js';
import { isDirectory } from '../../storage/path.js';
import type { Answers, QuestionTools } from './question.js';
import { requireAdmin } from './rights.js';

export function answerAboutPlaces({ storage, models }: QuestionTools): Answers {
  return {
    async set_place(question, caller) {
      requireAdmin(caller, 'setting a place');
      const name = requiredText(question, 'name', 'place_name');
      const file = storage.readFile(question.file as Json);
      if (!isDirectory(file.path))
        refuse('oss_path', file.text, 'a directory, which ends in a slash', `Write ${file.text}/.`);
      storage.checkRight(file.right);
      await models.named.set(name, file.fields, caller.role);
    },
    remove_place(question, caller) {
      requireAdmin(caller, 'removing a place');
      return models.named.remove(requiredText(question, 'name', 'place_name'));
    },
  };
}
