import * as z from 'zod';

/** Key of a commercetools resource. */
export const resourceKey = () => z.string().regex(/^[A-Za-z0-9_-]{2,256}$/, 'must be a commercetools key');
