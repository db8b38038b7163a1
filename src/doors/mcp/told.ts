/** What a tool answers: JSON, or what was wrong. */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { wordsOf } from './sessions.js';

export function json(value: unknown): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value, null, 1) }] };
}

/** An error is told as a result, as MCP has it: the model reads it and can mend what it asked. */
export async function telling(work: () => Promise<CallToolResult>): Promise<CallToolResult> {
  try {
    return await work();
  } catch (error) {
    return { isError: true, content: [{ type: 'text', text: wordsOf(error) }] };
  }
}
