/** The request of a text call that is a whole conversation: messages in turn, with the roles and parts of the OpenAI form. */
import { isObject, type Json, oneOf, refuse, refuseUnknown } from '../../../fields.js';
import type { Places } from '../../../storage/storage.js';
import { filePart, type MessagePart } from './prompt-template.js';

export interface Message {
  role: 'system' | 'user' | 'assistant';
  parts: MessagePart[];
}

const roles: Message['role'][] = ['system', 'user', 'assistant'];

/** People send rows as JSON, so it is a conversation only where each message has its role, and there is no prompt. */
export function isConversation(request: Json): request is { messages: Json[] } & Json {
  const { messages } = request;
  return (
    !('prompt' in request) &&
    Array.isArray(messages) &&
    messages.length > 0 &&
    messages.every((message) => isObject(message) && 'role' in message && 'content' in message)
  );
}

/** KnownError 22023 names the message and what is wrong with it. */
export function readMessages(messages: Json[], places: Places): Message[] {
  const read = messages.map((message, index) => readMessage(message, `messages[${index}]`, places));
  const said = read.map(({ role }) => role);
  if (!said.includes('user')) refuse('messages', said, 'a conversation with a message of role user');
  return read;
}

function readMessage(message: Json, field: string, places: Places): Message {
  refuseUnknown(message, ['role', 'content', 'name'], field);
  const { content } = message;
  // OpenAI's newer word for the same.
  const said = message.role === 'developer' ? 'system' : message.role;
  const role = roles.find((each) => each === said) ?? refuse(`${field}.role`, said, oneOf(roles));
  if (typeof content === 'string' && content !== '') return { role, parts: [{ text: content }] };
  if (!Array.isArray(content) || content.length === 0)
    return refuse(`${field}.content`, content, 'a text, or an array of parts');
  return { role, parts: content.map((part, index) => readPart(part, `${field}.content[${index}]`, places)) };
}

const partForms =
  '{"type": "text", "text": …}, {"type": "image_url", "image_url": {"url": …}}, {"type": "file", "file": {"file_url": …}} or a FILE';

function readPart(part: unknown, field: string, places: Places): MessagePart {
  if (!isObject(part)) return refuse(field, part, partForms);
  if ('oss_path' in part) return filePart(part, field, places);
  if (part.type === 'text' && typeof part.text === 'string') return { text: part.text };
  if (part.type === 'file') return { document: documentAddress(part.file, field) };
  const { url } = isObject(part.image_url) ? part.image_url : {};
  if (part.type !== 'image_url' || typeof url !== 'string') return refuse(field, part, partForms);
  // The provider fetches it, and nobody else.
  return /^(https:\/\/|data:image\/)/i.test(url)
    ? { picture: url }
    : refuse(
        `${field}.image_url.url`,
        url,
        'an https address or a data:image/… one',
        'A picture in a store is a FILE: to_file(…).',
      );
}

/** The provider fetches it, as it does a picture. */
function documentAddress(file: unknown, field: string): string {
  const { file_url: url } = isObject(file) ? file : {};
  if (typeof url === 'string' && /^https:\/\//i.test(url)) return url;
  return refuse(
    `${field}.file.file_url`,
    url,
    'the https address of a PDF',
    'A PDF in a store is a FILE: to_file(…).',
  );
}
