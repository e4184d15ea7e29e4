import { createCookie, createCookieSessionStorage } from '@remix-run/node';
import { useSession } from 'h3';
import { Elysia } from 'elysia';
import { jwt } from '@elysiajs/jwt';
import { getSignedCookie, setSignedCookie } from 'hono/cookie';
import { betterAuth } from 'better-auth';
import { buildConfig } from 'payload';
import { statelessSessions } from '@keystone-6/core/session';
import { sign, unsign } from 'cookie-signature';
import { doubleCsrf } from 'csrf-csrf';

const SECRET = 'a secret of this application';
const own = process.env.SECRET!;

createCookieSessionStorage({ cookie: { name: 'session', secrets: [SECRET] } }); // finds: use:HMAC-SHA-256 hardcoded-key
createCookieSessionStorage({ cookie: { name: 'session', secrets: [own] } }); // finds: use:HMAC-SHA-256
createCookieSessionStorage({ cookie: { name: 'language' } });
createCookie('session', { secrets: [SECRET] }); // finds: use:HMAC-SHA-256 hardcoded-key
createCookie('language', { maxAge: 604_800 });
export const handler = (event: unknown) => useSession(event, { password: SECRET }); // finds: use:AES hardcoded-key
export const sound = (event: unknown) => useSession(event, { password: own }); // finds: use:AES
new Elysia().use(jwt({ name: 'jwt', secret: SECRET })); // finds: use:HMAC-SHA-256 hardcoded-key
new Elysia().use(jwt({ name: 'jwt', secret: own, alg: 'HS512' })); // finds: use:HMAC-SHA-512
await setSignedCookie(context, 'user', 'me', SECRET); // finds: use:HMAC-SHA-256 hardcoded-key
await getSignedCookie(context, SECRET, 'user'); // finds: use:HMAC-SHA-256 hardcoded-key
await setSignedCookie(context, 'user', 'the name of a user', own); // finds: use:HMAC-SHA-256
betterAuth({ secret: SECRET, database }); // finds: use:HMAC-SHA-256 hardcoded-key
betterAuth({ database });
buildConfig({ secret: SECRET, collections: [] }); // finds: use:HMAC-SHA-256 hardcoded-key
buildConfig({ secret: own, collections: [] }); // finds: use:HMAC-SHA-256
statelessSessions({ secret: SECRET, maxAge: 3600 }); // finds: use:AES hardcoded-key
sign('value', SECRET); // finds: use:HMAC-SHA-256 hardcoded-key
unsign('a value with its signature', own); // finds: use:HMAC-SHA-256
doubleCsrf({ getSecret: () => SECRET }); // finds: use:HMAC-SHA-256 hardcoded-key
doubleCsrf({ getSecret: (request) => request.secret }); // finds: use:HMAC-SHA-256
