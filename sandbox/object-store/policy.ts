/** Session policies of AssumeRole: reading one and deciding whether it allows an action on a resource. */

interface PolicyStatement {
  effect: 'Allow' | 'Deny';
  actions: RegExp[];
  resources: RegExp[];
}

export interface SessionPolicy {
  statements: PolicyStatement[];
}

const statementKeys = new Set(['Sid', 'Effect', 'Action', 'Resource']);

/**
 * Reads a RAM policy document ({ Version: "1", Statement: [{ Effect, Action, Resource }] }). Returns the
 * problem as text when it is malformed. `Condition`, `NotAction` and `NotResource` are refused, since a rule
 * that is silently left out would allow too much.
 * https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax
 */
export function parseSessionPolicy(text: string): SessionPolicy | string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  if (!isRecord(document)) return 'not a JSON object';
  if (document.Version !== '1') return 'Version must be "1"';
  const list = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  if (list.length === 0) return 'Statement is empty';
  const statements: PolicyStatement[] = [];
  for (const entry of list) {
    const statement = parseStatement(entry);
    if (typeof statement === 'string') return statement;
    statements.push(statement);
  }
  return { statements };
}

/** Deny beats Allow, and what nothing allows is denied. Actions ignore case; resources do not. */
export function isAllowed(policy: SessionPolicy, action: string, resource: string): boolean {
  let allowed = false;
  for (const { effect, actions, resources } of policy.statements) {
    if (!actions.some((pattern) => pattern.test(action))) continue;
    if (!resources.some((pattern) => pattern.test(resource))) continue;
    if (effect === 'Deny') return false;
    allowed = true;
  }
  return allowed;
}

function parseStatement(entry: unknown): PolicyStatement | string {
  if (!isRecord(entry)) return 'a Statement is not an object';
  const unknownKey = Object.keys(entry).find((key) => !statementKeys.has(key));
  if (unknownKey !== undefined) return `${unknownKey} is not evaluated here`;
  if (entry.Effect !== 'Allow' && entry.Effect !== 'Deny') return 'Effect must be Allow or Deny';
  const actions = parseTexts(entry.Action, /^(\*|[a-z]+:[A-Za-z*?]+)$/);
  if (!actions) return 'Action is malformed';
  const resources = parseTexts(entry.Resource, /^(\*|acs:[^:]*:[^:]*:[^:]*:.+)$/s);
  if (!resources) return 'Resource is malformed';
  return {
    effect: entry.Effect,
    actions: actions.map((text) => wildcardPattern(text, 'is')),
    resources: resources.map((text) => wildcardPattern(text, 's')),
  };
}

function parseTexts(value: unknown, form: RegExp): string[] | undefined {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const isGood = list.length > 0 && list.every((text) => typeof text === 'string' && form.test(text));
  return isGood ? (list as string[]) : undefined;
}

/** `*` stands for any characters, `?` for one. */
function wildcardPattern(text: string, flags: string): RegExp {
  const escaped = text.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, flags);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
