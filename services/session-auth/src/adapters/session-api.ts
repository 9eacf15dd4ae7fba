import { errorOfAnswer, errorOfFailure } from '@connector/commercetools';
import { type Fetch, PermanentError } from '@connector/service-kit';
import { type Session, sessionSchema } from '../domain/session.ts';

/** Where sessions are looked up. */
export interface Sessions {
  /** The session, or undefined when there is none. Throws TransientError while that cannot be told. */
  find(sessionId: string): Promise<Session | undefined>;
}

/** commercetools' Session API: `GET {url}/{projectKey}/sessions/{id}` with our own token (`view_sessions:{projectKey}`). */
export function sessionApi({ url, projectKey, fetch }: { url: string; projectKey: string; fetch: Fetch }): Sessions {
  return {
    find: async (sessionId) => {
      // An encoded id cannot name another path; only the segments that mean a folder need the dots themselves encoded.
      const segment = encodeURIComponent(sessionId).replace(/^\.+$/, (dots) => dots.replaceAll('.', '%2E'));
      if (/^(%2E){1,2}$/.test(segment)) return undefined;
      let status: number;
      let text: string;
      let retryAfter: string | null;
      try {
        const answer = await fetch(`${url}/${projectKey}/sessions/${segment}`, {
          headers: { accept: 'application/json', 'content-type': 'application/json' },
        });
        status = answer.status;
        retryAfter = answer.headers.get('retry-after');
        text = await answer.text();
      } catch (error) {
        throw asFailure(error);
      }
      // 400 is how the Session API answers an id that cannot be one.
      if (status === 404 || status === 400) return undefined;
      if (status < 200 || status > 299) {
        throw errorOfAnswer('sessions.get', { status, body: undefined, retryAfter });
      }
      return parse(text);
    },
  };
}

/** The token's errors are ours already; what the HTTP client throws is not. */
const asFailure = (error: unknown): unknown =>
  error instanceof Error && 'toBody' in error ? error : errorOfFailure('sessions.get', error);

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
