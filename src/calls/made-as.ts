/** A call that takes what an earlier one came to says how that was made: by a model in its own one's place, or in simpler words. */
import type { MadeAs } from '../ledger/job.js';
import type { CheckedCall } from './check.js';

export function asMade(checked: CheckedCall, { model, modelType, prompt }: MadeAs): CheckedCall {
  const { image, requestText } = checked;
  const isOwn = modelType === checked.model.modelType;
  const isSimpler = image && prompt !== undefined && prompt !== JSON.parse(requestText).prompt;
  return {
    ...checked,
    ...(!isOwn && { fallback: { by: model, left: [] } }),
    ...(isSimpler && { image: { ...image, simplifiedPrompt: prompt } }),
  };
}

/** As that of a call that asks for the same. */
export function asTwin(checked: CheckedCall, twin: CheckedCall): CheckedCall {
  const { image } = checked;
  return {
    ...checked,
    ...(twin.fallback && { fallback: twin.fallback }),
    ...(image && { image: { ...image, simplifiedPrompt: twin.image?.simplifiedPrompt } }),
  };
}
