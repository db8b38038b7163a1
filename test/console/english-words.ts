/** Finds what a page says in English to somebody who reads Chinese. */
import type { Page } from 'playwright-core';

/** Names and codes that are the same in every language. */
const same = new Set(
  `hologen ai_gen SQL INSERT SELECT RESET NULL JSON CSV ZIP OSS MP4 PNG token Token Ctrl Enter HOLOGEN_DEFAULT_DEGREE psql prompt_extend
  English node pg`.split(/\s+/),
);

/** Texts, names for those who listen, titles and what stands in empty fields; not what people, models and the engine have written. */
const spoken = `(() => {
  const others = 'pre, code, textarea, .prompt, .prompt-whole, .said, .words, .label, .rows, .path, [lang=en], datalist, noscript';
  const told = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (!parent.closest(others) && !parent.closest('script, style')) told.push(walk.currentNode.data);
  }
  for (const one of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    if (!one.closest('[lang=en]') && !one.closest('pre, .rows, .prompt, img, video, .chooser, .play, input[name=config]'))
      for (const name of ['aria-label', 'title', 'placeholder', 'alt']) if (one.hasAttribute(name)) told.push(one.getAttribute(name));
  return [...told, document.title];
})()`;

/** `names`: of models, roles and databases. */
export async function englishWords(page: Page, names: readonly string[]): Promise<string[]> {
  const told = (await page.evaluate(spoken)) as string[];
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  const found = told.flatMap((text) => {
    const spokenPart = text.replace(/\bai_gen\.\w+( = \w+)?|\b[a-z]+:\/\/\S*|[\da-f]{8}-[\da-f-]{27}/g, ' ');
    const rest = longestFirst.reduce((left, name) => left.replaceAll(name, ' '), spokenPart);
    const words = rest.match(/[A-Za-z_]{2,}/g) ?? [];
    return words.filter((word) => !same.has(word)).map((word) => `${word} in ${text.trim()}`);
  });
  return [...new Set(found)];
}
