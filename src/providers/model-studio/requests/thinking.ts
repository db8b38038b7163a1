/** Which chat models think before they answer, and what of an answer's form holds then (Model Studio, "Deep thinking", "Structured output"). */
import { isObject, type Json } from '../../../fields.js';

/** All others may think unless they are told not to. */
const thinkIfAsked = [
  /^qwen(-|[12])/,
  /^qwen3-(max|coder|vl-plus|vl-flash|omni-flash)\b/,
  /instruct/i,
  /(^|\/)deepseek-(ocr|v3(?!.*think))/,
  /^(farui|gui-plus|tongyi-)/,
];

/** They can be told not to. */
const thinkUnlessTold = /^(qwen3\.[56]-(plus|flash|max)|qwen3(\.[56])?-[\d.]+b(-a\d+b)?$|glm-(5|4\.[67])$)/;

/** Their answers are JSON beside thoughts, too. */
const formThoughts = /^(qwen3\.[78]-|kimi|deepseek-v4|vanchin\/|glm-(5\.1|4\.5)|stepfun\/)/;

/** As it is sent, see isToldNotTo. */
export function willThink(parameters: Json, modelType: string): boolean {
  if (isToldNotTo(parameters, modelType)) return false;
  const { enable_thinking: asked } = parameters;
  return typeof asked === 'boolean' ? asked : !thinkIfAsked.some((pattern) => pattern.test(modelType));
}

/** Nobody has said that it is to think, and the answer is to have a form. */
export function isToldNotTo(parameters: Json, modelType: string): boolean {
  return asksJson(parameters) && parameters.enable_thinking === undefined && thinkUnlessTold.test(modelType);
}

/** False: asked for JSON beside thoughts it refuses, or gives none. */
export function keepsForm(parameters: Json, modelType: string): boolean {
  return !willThink(parameters, modelType) || formThoughts.test(modelType);
}

export function asksJson({ response_format }: Json): boolean {
  return isObject(response_format) && /^json/.test(String(response_format.type));
}
