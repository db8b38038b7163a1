/** What ties a job to its row, as people read it. */

/** `{"sku":"A-17"}` as `sku: A-17`; a text as it is. */
export function labelText(label: string): string {
  if (!label.startsWith('{')) return label;
  try {
    const fields = Object.entries(JSON.parse(label) as Record<string, unknown>);
    return fields.map(([name, value]) => `${name}: ${value}`).join(', ');
  } catch {
    return label;
  }
}
