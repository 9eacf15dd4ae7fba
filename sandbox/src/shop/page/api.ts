/** Calls the shop's backend. Throws Error with the backend's message when it refuses. */
export async function callBackend<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === '' ? {} : (JSON.parse(text) as T & { message?: string });
  if (!response.ok)
    throw new Error((answer as { message?: string }).message ?? `${method} ${path} answered ${response.status}`);
  return answer as T;
}
