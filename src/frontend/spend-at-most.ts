/** What a session may spend, if whoever opens it says so in the startup packet: later it can be lowered, and never raised. */

const name = 'ai_gen.spend_at_most';
/** As PostgreSQL reads `options`: -c name=value, -cname=value, --name=value; in names a hyphen is an underscore. */
const inOptions = /(?:^|\s)(?:-c\s*|--)ai[-_]gen\.spend[-_]at[-_]most=(\S*)/gi;

/** In CNY; undefined: nothing is said. What cannot be read is 0: the setting itself is told to be wrong at the first call. */
export function spendAtMostOf(parameters: Map<string, string> | undefined): number | undefined {
  if (!parameters) return undefined;
  const own = [...parameters].filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  const said = [
    ...own,
    ...[...(parameters.get('options') ?? '').matchAll(inOptions)].map(([, value]) => value ?? ''),
  ];
  if (said.length === 0) return undefined;
  // Said twice, the smaller one: nobody is to add a larger one behind it.
  return Math.min(...said.map((text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : 0)));
}
