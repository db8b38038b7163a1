/** Takes keys and passwords out of a statement's text: the ledger, the console and progress show it to people. */

const masks: [pattern: RegExp, shown: string][] = [
  [/\bsk-[\w-]{6,}/g, 'sk-***'],
  // A text that was cut may end within one.
  [/\b(password)(\s+)'(?:[^']|'')*(?:'|$)/gi, "$1$2'***'"],
  [
    /("(?:api_?key|secret|token|password|authorization|access_?key_?secret)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi,
    '$1"***"',
  ],
  [/\b(bearer\s+)[\w.~+/-]{8,}=*/gi, '$1***'],
];

export function maskSecrets(text: string): string {
  return masks.reduce((shown, [pattern, mask]) => shown.replace(pattern, mask), text);
}
