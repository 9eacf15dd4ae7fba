import { UnauthorizedError } from '@connector/errors';
import type { Response } from 'express';
import type { Denial, Outcome } from '../domain/denial.ts';

/**
 * Answers 200 with the grant, or 401 in the contract's shape. A refusal is expected: it is counted and audited, but not
 * logged.
 */
export function answer<T extends object>(res: Response, outcome: Outcome<T>): void {
  switch (outcome.kind) {
    case 'granted':
      res.json(outcome.principal);
      break;
    case 'denied':
      refuse(res, outcome.denial);
  }
}

export function refuse(res: Response, { code, message, fields }: Denial): void {
  const body = new UnauthorizedError(code, message, fields).toBody();
  res.status(401).json({ ...body, correlationId: res.getHeader('x-correlation-id') });
}
