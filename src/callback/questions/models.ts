/** Questions about models: what is deployed, what could be, and who may call it. */

import { deployModel, removeModel } from '../../calls/deploy.js';
import { requiredText } from '../../fields.js';
import type { Json } from '../../json.js';
import type { DeployedModel } from '../../ledger/models.js';
import { deployUsualModels } from '../../ledger/usual-models.js';
import type { Answers, QuestionTools } from './question.js';
import { refuseLasting, requireAdmin } from './rights.js';

export function answerAboutModels({ models }: QuestionTools): Answers {
  const { catalogue, providers } = models;
  return {
    deploy_model(question, caller) {
      refuseLasting(caller, 'deploying a model');
      return deployModel(question, caller, models);
    },
    deploy_usual_models(_question, caller) {
      requireAdmin(caller, 'deploying the usual models');
      return deployUsualModels(catalogue, { role: caller.role, roleOid: caller.roleOid });
    },
    remove_model(question, caller) {
      refuseLasting(caller, 'removing a model');
      return removeModel(question, caller, catalogue);
    },
    async list_models() {
      const deployed = await catalogue.list();
      return deployed.sort((a, b) => (a.name < b.name ? -1 : 1)).map(catalogueRow);
    },
    async deployed_models() {
      const deployed = await catalogue.list();
      return deployed.map((model) => ({ ...providers.describe(model), ...catalogueRow(model) }));
    },
    supported_models: async () => providers.modelTypes(await catalogue.list()),
    grant_model(question, caller) {
      requireAdmin(caller, 'granting a model');
      return catalogue.grant(requiredText(question, 'model_name'), requiredText(question, 'role_name'));
    },
    revoke_model(question, caller) {
      requireAdmin(caller, 'revoking a model');
      return catalogue.revoke(requiredText(question, 'model_name'), requiredText(question, 'role_name'));
    },
  };
}

/** A row of list_external_models(): everything but the key. */
function catalogueRow(model: DeployedModel): Json {
  return {
    model_name: model.name,
    model_type: model.modelType,
    model_provider: model.provider,
    task: model.task,
    config: model.config,
    deployed_by: model.deployedBy.role,
    deployed_at: model.deployedAt,
  };
}
