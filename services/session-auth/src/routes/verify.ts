import express, { Router } from 'express';
import * as z from 'zod';
import type { VerifyJwt, VerifyOauth2 } from '../use-cases/verify-bearer.ts';
import type { VerifySession } from '../use-cases/verify-session.ts';
import { answer } from './answers.ts';

/**
 * The request that the calling service is handling, for the audit trail: its method, and its route's pattern without
 * ids.
 */
const origin = { method: z.string().max(16).optional(), route: z.string().max(200).optional() };

/** Body of `POST /verify/session`; the unchanged header value, absent or null without the header. */
const verifySessionBody = z.object({ sessionId: z.string().nullish(), ...origin });
/** Body of `POST /verify/jwt`; the unchanged `Authorization` header. */
const verifyJwtBody = z.object({ authorization: z.string().nullish(), ...origin });
/** Body of `POST /verify/oauth2`; one of `anyOf` is needed for our project. */
const verifyOauth2Body = z.object({
  authorization: z.string().nullish(),
  anyOf: z.array(z.string().regex(/^[a-z_]{1,100}$/)).min(1),
  ...origin,
});

interface Deps {
  verifySession: VerifySession;
  verifyJwt: VerifyJwt;
  verifyOauth2: VerifyOauth2;
}

/** The checks for the connector's own services. */
export const verifyRoutes = ({ verifySession, verifyJwt, verifyOauth2 }: Deps): Router =>
  Router({ caseSensitive: true })
    .use('/verify', express.json({ limit: '32kb' }))
    .post('/verify/session', async (req, res) => {
      const { sessionId, method, route } = verifySessionBody.parse(req.body);
      answer(res, await verifySession(sessionId, { method, route }));
    })
    .post('/verify/jwt', async (req, res) => {
      const { authorization, method, route } = verifyJwtBody.parse(req.body);
      answer(res, await verifyJwt(authorization, { method, route }));
    })
    .post('/verify/oauth2', async (req, res) => {
      const { authorization, anyOf, method, route } = verifyOauth2Body.parse(req.body);
      answer(res, await verifyOauth2(authorization, anyOf, { method, route }));
    });
