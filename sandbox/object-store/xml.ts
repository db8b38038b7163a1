/** XML documents: writing answers, and reading the two documents clients send (CompleteMultipartUpload, Delete). */

export type XmlContent = string | number | undefined | XmlContent[] | { [name: string]: XmlContent };

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** A time as the service writes it: whole seconds, and the milliseconds that its clients insist on. */
export function xmlTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, -5)}.000Z`;
}

/** A whole document. A list becomes repeated elements; undefined leaves the element out. */
export function xmlDocument(name: string, content: XmlContent): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(name, content)}\n`;
}

/**
 * Reads `<CompleteMultipartUpload><Part><PartNumber/><ETag/></Part>…`. Undefined when the text is anything
 * else. ETags come back without quotes.
 */
export function readCompletedParts(text: string): { partNumber: number; etag: string }[] | undefined {
  const body =
    /^\s*(?:<\?xml[^>]*\?>)?\s*<CompleteMultipartUpload(?:\s[^>]*)?>(.*)<\/CompleteMultipartUpload>\s*$/s;
  const inner = body.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const parts: { partNumber: number; etag: string }[] = [];
  const rest = inner.replace(/<Part>(.*?)<\/Part>/gs, (_whole, part: string) => {
    const partNumber = /<PartNumber>\s*(\d{1,5})\s*<\/PartNumber>/.exec(part)?.[1];
    const etag = /<ETag>\s*(.*?)\s*<\/ETag>/s.exec(part)?.[1];
    parts.push({ partNumber: Number(partNumber), etag: unescapeXml(etag ?? '').replace(/^"|"$/g, '') });
    return '';
  });
  const isWhole = rest.trim() === '' && parts.every((part) => part.partNumber > 0 && part.etag !== '');
  return isWhole && parts.length > 0 ? parts : undefined;
}

/** Reads `<Delete><Quiet/><Object><Key/></Object>…`. Undefined when the text is anything else. */
export function readDeleteList(text: string): { quiet: boolean; keys: string[] } | undefined {
  const inner = /^\s*(?:<\?xml[^>]*\?>)?\s*<Delete(?:\s[^>]*)?>(.*)<\/Delete>\s*$/s.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const objects = [...inner.matchAll(/<Object>(.*?)<\/Object>/gs)];
  const keys = objects.map(([, object = '']) => /<Key>(.*?)<\/Key>/s.exec(object)?.[1]);
  if (keys.length === 0 || keys.some((key) => !key)) return undefined;
  const quiet = /<Quiet>\s*true\s*<\/Quiet>/i.test(inner);
  return { quiet, keys: keys.map((key) => unescapeXml(key ?? '')) };
}

function element(name: string, content: XmlContent): string {
  if (content === undefined) return '';
  if (Array.isArray(content)) return content.map((item) => element(name, item)).join('\n');
  if (typeof content !== 'object') return `<${name}>${escapeXml(String(content))}</${name}>`;
  const children = Object.entries(content).map(([child, value]) => element(child, value));
  return `<${name}>\n${children.filter((text) => text !== '').join('\n')}\n</${name}>`;
}

function escapeXml(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  // Control characters may not stand in XML 1.0, not even escaped: clients that expect them ask for
  // encoding-type=url.
  return escaped.replaceAll('"', '&quot;').replace(/(?![\t\n\r\u0080-\u009f])\p{Cc}/gu, '\ufffd');
}

function unescapeXml(text: string): string {
  return text.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole;
    const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
