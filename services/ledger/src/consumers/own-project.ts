import { headerOf, PROJECT_HEADER } from '@connector/contracts';
import { PermanentError } from '@connector/errors';

/**
 * Lets pass what is of `projectKey`, or of a version that did not say whose its events are. Throws PermanentError (`foreign_project`) for
 * an event of another project: two installations share topics by mistake. It becomes a dead letter, so that it is seen and not lost.
 */
export function assertOwnProject(headers: Readonly<Record<string, string>>, projectKey: string): void {
  const project = headerOf(headers, PROJECT_HEADER);
  if (project === undefined || project === projectKey) return;
  throw new PermanentError(`the event is of project ${project}, not of ${projectKey}`, { reason: 'foreign_project' });
}
