import { headerOf, PROJECT_HEADER } from '@connector/contracts';
import { PermanentError } from '@connector/errors';

/**
 * Accepts events of `projectKey`, and of versions that did not name the project. Throws PermanentError
 * (`foreign_project`) for an event of another project, which means that two installations share topics by mistake. The
 * event becomes a dead letter, so that it is noticed and not lost.
 */
export function assertOwnProject(headers: Readonly<Record<string, string>>, projectKey: string): void {
  const project = headerOf(headers, PROJECT_HEADER);
  if (project === undefined || project === projectKey) return;
  throw new PermanentError(`the event is of project ${project}, not of ${projectKey}`, { reason: 'foreign_project' });
}
