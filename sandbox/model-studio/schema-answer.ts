/** A value that fits a JSON schema: what a model answers with that was given one. */
import { isObject } from './parameter-check.js';

/** The same schema always gives the same value; texts are the given one. Keywords beyond those of structured output are not looked at. */
export function valueFor(schema: unknown, text: string): unknown {
  if (!isObject(schema)) return text;
  const { enum: choices, const: constant, anyOf } = schema;
  if (constant !== undefined) return constant;
  if (Array.isArray(choices)) return choices[0];
  if (Array.isArray(anyOf)) return valueFor(anyOf[0], text);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'object':
      return objectOf(schema.properties, text);
    case 'array':
      return [valueFor(schema.items, text)];
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number' ? schema.minimum : 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return text;
  }
}

function objectOf(properties: unknown, text: string): Record<string, unknown> {
  if (!isObject(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, valueFor(schema, text)]),
  );
}
