/** How much of a plan is read: the parser works in front of everybody, gives no memory back, and is broken by what is too deep for its stack. */

/** Of all texts of a plan together; EXPLAIN prints some thousand. */
const mostCharacters = 50_000;
/** As long as a statement's own text may be. */
const longestText = 10_000;
/** Nodes below nodes. What is read in the deepest one still has the stack that a text takes. */
const deepest = 100;

/** Whoever can call functions can send any JSON for a plan. */
export function isReadablePlan(plan: unknown): boolean {
  let characters = 0;
  const open: [value: unknown, depth: number][] = [[plan, 0]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [value, depth] = next;
    if (typeof value === 'string') {
      characters += value.length;
      if (value.length > longestText) return false;
    } else if (typeof value === 'object' && value !== null) {
      // A node and its list of nodes are two.
      if (depth > 2 * deepest || (Array.isArray(value) && value.length > mostCharacters)) return false;
      for (const [name, field] of Object.entries(value)) {
        characters += name.length;
        open.push([field, depth + 1]);
      }
    }
    if (characters > mostCharacters) return false;
  }
  return true;
}
