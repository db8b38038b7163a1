/** SQL that goes on from a job: the same again, one of its pictures changed, a film of it. */
import type { JobDetails, Medium, Models } from '../server/answers.js';

type Made = Pick<JobDetails, 'model' | 'request' | 'file'>;

export function sqlAgain({ model, request, file }: Made): string {
  return callOf(model, indented(request), file);
}

/** The model that was deployed first of those that can do this, as ai_gen takes it; undefined: none can. */
export function modelFor(scenario: string, { deployed, supported }: Models): string | undefined {
  const can = (type: string, task: string) =>
    supported.some(
      (rules) => rules.type === type && rules.task === task && rules.scenarios.includes(scenario),
    );
  const able = deployed.filter(({ type, task }) => can(type, task));
  return able.sort((a, b) => (a.deployedAt < b.deployedAt ? -1 : 1))[0]?.name;
}

/** Another picture made from this one. Only what is saved can be named. */
export function sqlEdit(job: Made, { ossPath }: Medium, model: string): string {
  const request = { prompt: '…', reference_urls: [ossPath], output_dir: folderOf(ossPath) };
  return callOf(model, JSON.stringify(request, undefined, 2), job.file);
}

export function sqlFilm(job: Made, { ossPath }: Medium, model: string): string {
  const request = {
    prompt: '…',
    img_url: ossPath,
    parameters: { duration: 5 },
    output_dir: folderOf(ossPath),
  };
  return callOf(model, JSON.stringify(request, undefined, 2), job.file);
}

/** `file`: a FILE's texts, if it has one. */
export function callOf(model: string, request: string, file: Made['file']): string {
  const args = [literal(model), literal(request)];
  if (file?.oss_path)
    args.push(`to_file(${[file.oss_path, file.oss_endpoint, file.role_arn].map(literal).join(', ')})`);
  return `SELECT ai_gen(\n  ${args.join(',\n  ')});`;
}

function folderOf(path: string | null): string | undefined {
  return path?.slice(0, path.lastIndexOf('/') + 1);
}

/** A literal that reads the same whatever standard_conforming_strings says. */
function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? `E${quoted}` : quoted;
}

export function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
