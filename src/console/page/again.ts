/** The SQL that makes a job's result again. */
import type { JobDetails } from '../server/answers.js';

export function sqlAgain(job: Pick<JobDetails, 'model' | 'request' | 'file'>): string {
  const request = indented(job.request);
  const { file } = job;
  const args = [literal(job.model), literal(request)];
  if (file?.oss_path) {
    args.push(`to_file(${[file.oss_path, file.oss_endpoint, file.role_arn].map(literal).join(', ')})`);
  }
  return `SELECT ai_gen(\n  ${args.join(',\n  ')});`;
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
