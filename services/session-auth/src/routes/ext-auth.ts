import { TransientError } from '@connector/errors';
import { type Request, type Response, Router } from 'express';
import type { AccessOutcome, CheckAccess } from '../use-cases/check-access.ts';
import { refuse } from './answers.ts';

/**
 * How each gateway names the request. Only the gateway's own headers are read, because a client may have sent the
 * others.
 */
const QUESTIONS = {
  nginx: (req: Request) => ({ method: req.get('x-original-method'), target: req.get('x-original-uri') }),
  traefik: (req: Request) => ({ method: req.get('x-forwarded-method'), target: req.get('x-forwarded-uri') }),
  envoy: (req: Request) => ({ method: req.method, target: req.path.slice('/ext-auth/envoy'.length) }),
} as const;

type Gateway = keyof typeof QUESTIONS;

/**
 * External authorization for gateways: 200 with identity headers `x-auth-*`, 401, or 403. It fails closed: 503 while a
 * check is impossible; nginx, which accepts only 2xx, 401 and 403, gets 403.
 */
export function extAuthRoutes({ checkAccess }: { checkAccess: CheckAccess }): Router {
  const handler = (gateway: Gateway) => async (req: Request, res: Response) => {
    const { method, target } = QUESTIONS[gateway](req);
    const question = {
      method: method ?? '',
      target: target ?? '',
      sessionId: req.get('x-session-id'),
      authorization: req.get('authorization'),
    };
    try {
      answer(res, await checkAccess(question));
    } catch (error) {
      if (gateway !== 'nginx' || !(error instanceof TransientError)) throw error;
      forbid(res);
    }
  };
  return Router({ caseSensitive: true })
    .all('/ext-auth/nginx', handler('nginx'))
    .all('/ext-auth/traefik', handler('traefik'))
    .all('/ext-auth/envoy/*path', handler('envoy'));
}

function answer(res: Response, outcome: AccessOutcome): void {
  switch (outcome.kind) {
    case 'granted':
      for (const [name, value] of Object.entries(outcome.identity)) res.setHeader(`x-auth-${name}`, headerSafe(value));
      res.status(200).end();
      break;
    case 'denied':
      refuse(res, outcome.denial);
      break;
    case 'forbidden':
      forbid(res);
  }
}

function forbid(res: Response): void {
  const message = 'Not allowed.';
  const errors = [{ code: 'access_denied', message }];
  res.status(403).json({ message, statusCode: 403, errors, correlationId: res.getHeader('x-correlation-id') });
}

/** Encodes an identity for a header, so that no value from commercetools can truncate or split it. */
const headerSafe = (value: string): string => value.replace(/[^\x20-\x7e]/g, '');
