/** The usual models, under the names that Hologres' documentation uses, and their deployment. */
import { KnownError } from '../errors.js';
import type { RoleIdentity } from './job.js';
import type { Catalogue } from './models.js';

/** SQL name, model type, task. The default of a task is its first. */
const usualModels: [name: string, modelType: string, task: string][] = [
  ['qwen_plus', 'qwen-plus', 'chat/completions'],
  ['qwen_vl_plus', 'qwen-vl-plus', 'chat/completions'],
  ['text_embedding_v4', 'text-embedding-v4', 'embedding'],
  ['qwen3_vl_embedding', 'qwen3-vl-embedding', 'embedding'],
  ['fun_asr', 'fun-asr', 'speech-to-text'],
  ['qwen_image_2_pro', 'qwen-image-2.0-pro', 'image-generation'],
  ['qwen_image_2', 'qwen-image-2.0', 'image-generation'],
  ['qwen_image_max', 'qwen-image-max', 'image-generation'],
  ['qwen_image_plus', 'qwen-image-plus', 'image-generation'],
  ['qwen_image', 'qwen-image', 'image-generation'],
  // The documentation's editing example asks two pictures of a size, which the bare qwen-image-edit refuses.
  ['qwen_image_edit', 'qwen-image-edit-plus', 'image-generation'],
  ['qwen_image_edit_max', 'qwen-image-edit-max', 'image-generation'],
  ['wan26_t2i', 'wan2.6-t2i', 'image-generation'],
  ['wan26_t2v', 'wan2.6-t2v', 'video-generation'],
  ['wan26_i2v', 'wan2.6-i2v', 'video-generation'],
  ['wan26_i2v_flash', 'wan2.6-i2v-flash', 'video-generation'],
  ['wan22_kf2v_flash', 'wan2.2-kf2v-flash', 'video-generation'],
  ['wan26_r2v', 'wan2.6-r2v', 'video-generation'],
  ['wan26_r2v_flash', 'wan2.6-r2v-flash', 'video-generation'],
  // Names that Hologres' own command-line client takes when it is told none.
  ['happyhorse-1.0-t2v', 'happyhorse-1.0-t2v', 'video-generation'],
  ['happyhorse-1.0-i2v', 'happyhorse-1.0-i2v', 'video-generation'],
  ['happyhorse-1.0-r2v', 'happyhorse-1.0-r2v', 'video-generation'],
  ['happyhorse-1.0-video-edit', 'happyhorse-1.0-video-edit', 'video-generation'],
];

/** Deploys those whose names are free, on the gateway's own key; what somebody has deployed under such a name stays. */
export async function deployUsualModels(catalogue: Catalogue, deployedBy: RoleIdentity): Promise<void> {
  const taken = new Set((await catalogue.list()).map(({ name }) => name));
  const noKey = { apiKey: undefined, poolKeys: undefined };
  const common = { provider: 'bailian', endpoint: undefined, ...noKey, config: {}, deployedBy };
  for (const [name, modelType, task] of usualModels) {
    if (taken.has(name)) continue;
    await catalogue.deploy({ name, modelType, task, ...common }).catch((error: unknown) => {
      // Another gateway of the same engine starts at the same time.
      if (!(error instanceof KnownError && error.kind === 'duplicateObject')) throw error;
    });
  }
}
