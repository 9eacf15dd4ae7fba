import { NotFoundError, PermanentError, TransientError } from '@connector/errors';
import { expect, it } from 'vitest';
import { errorOfAnswer } from './errors.ts';
import { found } from './find.ts';

const refused = (body: unknown) => errorOfAnswer('payments.get', { status: 400, body });

it.each([
  ['is not there', new NotFoundError('gone')],
  [
    'cannot be there under such an id',
    refused({ errors: [{ code: 'InvalidInput', message: 'Malformed parameter: ID' }] }),
  ],
])('what %s is nothing', async (_what, error) => {
  expect(await found(Promise.reject(error))).toBeUndefined();
});

it.each([
  ['a refusal of something in between, such as a proxy', refused('<html>Bad Request</html>')],
  ['another refusal', new PermanentError('no')],
  ['a failure', new TransientError('away')],
])('%s does not count as nothing', async (_what, error) => {
  await expect(found(Promise.reject(error))).rejects.toBe(error);
});
