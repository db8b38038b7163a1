/** What PostgreSQL prints of columns that a node below has computed: their expressions once more, as if they were evaluated again. */

/** A function's result that a node below has computed is printed as the function in parentheses; one that is computed here has none. */
export function asColumns(
  text: string,
  given: Set<string>,
  { results, unnamed }: { results: Set<string>; unnamed: Set<string> },
): string {
  let known = text;
  for (const each of [...given, ...unnamed]) {
    const isCall = isCallOfFunction.test(each);
    if (!(isCall || unnamed.has(each)) || !known.includes(`(${each})`)) continue;
    // Of an earlier stage it is there.
    const isThere = isCall && !asksYet.test(each);
    const parts = known.split(`(${each})`);
    // Behind a name it is what a function is given.
    known = parts.reduce((before, after) =>
      /[\w"]$/.test(before)
        ? `${before}(${each})${after}`
        : `${before}${isThere ? thereBelow : computedBelow}.value${after}`,
    );
    if (!isThere) results.add(computedBelow);
  }
  return known;
}
const isCallOfFunction = /^[\w."]+\(.*\bask_(?:ahead|made)\(.*\)$/s;
const asksYet = /\b(?:ask_ahead|later)\(/;
const computedBelow = 'hologen_computed_below';
const thereBelow = 'hologen_there_below';
