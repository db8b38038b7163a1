/** Questions about webhooks, which administrators set and remove, at hosts that the operator allows. */
import { longestTag } from '../../calls/session-settings.js';
import { refuse, requiredText } from '../../fields.js';
import { type Json, textOf } from '../../json.js';
import { newWebhookSecret, refusedAddress } from '../../ledger/webhooks.js';
import type { Answers, QuestionTools } from './question.js';
import { requireAdmin } from './rights.js';

const longestAddress = 1_000;
const longestName = 100;
/** 24 to 64 bytes, as https://www.standardwebhooks.com wants them. */
const secretPattern = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/;

export function answerAboutWebhooks({ models: { webhooks }, webhookHosts }: QuestionTools): Answers {
  return {
    /** Answers the secret. */
    async set_webhook(question, caller) {
      requireAdmin(caller, 'setting a webhook');
      const name = requiredText(question, 'webhook_name');
      if (name.length > longestName)
        refuse('webhook_name', name, `a text of at most ${longestName} characters`);
      const url = requiredText(question, 'url');
      if (url.length > longestAddress) refuse('url', url, `at most ${longestAddress} characters long`);
      const allowed = refusedAddress(url, webhookHosts);
      if (allowed) refuse('url', url, allowed, 'The operator adds the host to HOLOGEN_WEBHOOK_HOSTS.');
      const tag = textOf(question.tag);
      if ((tag ?? '').length > longestTag) refuse('tag', tag, `a text of at most ${longestTag} characters`);
      const secret = secretOf(question);
      await webhooks.set({ name, url, role: textOf(question.role_name), tag, secret }, caller.role);
      return secret;
    },
    remove_webhook(question, caller) {
      requireAdmin(caller, 'removing a webhook');
      return webhooks.remove(requiredText(question, 'webhook_name'));
    },
  };
}

function secretOf({ secret }: Json): string {
  const text = textOf(secret);
  if (text === undefined) return newWebhookSecret();
  if (secretPattern.test(text)) return text;
  // Not repeated: it may be one, mistyped.
  return refuse('secret', '…', "'whsec_' and 24 to 64 bytes in base64, or NULL for a new one");
}
