import { errorOfAnswer, errorOfFailure } from '@connector/commercetools';
import { PermanentError, ServiceError } from '@connector/errors';
import type { Answer, Fetch } from '@connector/http';
import { type Session, sessionSchema } from '../domain/session.ts';
import type { Sessions } from '../use-cases/ports.ts';
import { retryOnReset } from './retry-on-reset.ts';

/** commercetools' Session API: `GET {url}/{projectKey}/sessions/{id}` with our own token (`view_sessions:{projectKey}`). */
export function sessionApi({ url, projectKey, fetch }: { url: string; projectKey: string; fetch: Fetch }): Sessions {
  const get = async (segment: string): Promise<Session | undefined> => {
    let answer: Answer;
    let text: string;
    try {
      answer = await fetch(`${url}/${projectKey}/sessions/${segment}`, {
        headers: { accept: 'application/json', 'content-type': 'application/json' },
      });
      text = await answer.text();
    } catch (error) {
      // Errors of the token are already ours; those of the HTTP client are not.
      throw error instanceof ServiceError ? error : errorOfFailure('sessions.get', error);
    }
    const { status, headers } = answer;
    // The Session API answers 400 for an id that cannot be an id.
    if (status === 404 || status === 400) return undefined;
    if (!answer.ok) {
      throw errorOfAnswer('sessions.get', { status, body: undefined, retryAfter: headers.get('retry-after') });
    }
    return parse(text);
  };
  return {
    find: async (sessionId) => {
      // An encoded id cannot name another path, except for the two that mean a folder.
      if (sessionId === '.' || sessionId === '..') return undefined;
      return retryOnReset('sessions.get', () => get(encodeURIComponent(sessionId)));
    },
  };
}

function parse(text: string): Session {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw errorOfFailure('sessions.get', error);
  }
  const parsed = sessionSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new PermanentError(`the Session API answered a session that cannot be read, at ${where}`, {
    reason: 'unreadable',
  });
}
