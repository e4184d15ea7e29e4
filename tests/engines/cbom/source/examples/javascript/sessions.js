const session = require('express-session');
const cookieSession = require('cookie-session');
const cookieParser = require('cookie-parser');
const Keygrip = require('keygrip');
const koaJwt = require('koa-jwt');

app.use(session({ secret: 'keyboard cat', resave: false })); // finds: use:HMAC-SHA-256 hardcoded-key
app.use(session({ secret: process.env.SECRET })); // finds: use:HMAC-SHA-256
app.use(session({ secret: process.env.SECRET || 'keyboard cat' })); // finds: use:HMAC-SHA-256 hardcoded-key
const options = { secret: ['a', 'b'] };
app.use(session(options)); // finds: use:HMAC-SHA-256 hardcoded-key
app.use(cookieSession({ keys: ['key1', 'key2'] })); // finds: use:HMAC-SHA-1 hardcoded-key
app.use(cookieParser('my secret')); // finds: use:HMAC-SHA-256 hardcoded-key
app.use(cookieParser()); // finds: use:HMAC-SHA-256
const keys = new Keygrip(['key1']); // finds: use:HMAC-SHA-1 hardcoded-key
app.use(koaJwt({ secret: 'shared' })); // finds: use:HMAC-SHA-256 hardcoded-key
const unrelated = { secret: 'of the order of Freemasons' };

const Koa = require('koa');
const NextAuth = require('next-auth');
const { getIronSession } = require('iron-session');

const koa = new Koa();
koa.keys = ['signs cookies']; // finds: use:HMAC-SHA-1 hardcoded-key
koa.env = 'development';
fastify.register(require('@fastify/jwt'), { secret: 'signs tokens' }); // finds: use:HMAC-SHA-256 hardcoded-key
fastify.register(require('@fastify/jwt'), { secret: process.env.SECRET }); // finds: use:HMAC-SHA-256
fastify.register(import('@fastify/cookie'), { secret: 'signs cookies' }); // finds: use:HMAC-SHA-256 hardcoded-key
fastify.register(require('@fastify/cors'), { secret: 'no secret' });
NextAuth({ secret: 'signs tokens' }); // finds: use:HKDF hardcoded-key
NextAuth({ secret: process.env.NEXTAUTH_SECRET }); // finds: use:HKDF
getIronSession(request, { password: 'opens sessions and is long enough' }); // finds: use:AES hardcoded-key

const server = require('fastify')();
server.register(require('@fastify/jwt'), { secret: 'signs tokens' }); // finds: use:HMAC-SHA-256 hardcoded-key
server.get('/', async (request) => server.jwt.decode(request.query.token)); // finds: unverified-signature
server.get('/both', async (request) => {
  server.jwt.verify(request.query.token);
  return server.jwt.decode(request.query.token);
});

const hapi = require('@hapi/hapi').server();
hapi.auth.strategy('session', 'cookie', { cookie: { password: 'at least thirty-two characters, as here' } }); // finds: use:AES hardcoded-key
hapi.auth.strategy('session', 'cookie', { cookie: { password: process.env.SECRET } }); // finds: use:AES
hapi.auth.strategy('token', 'jwt', { keys: 'a secret of this application' }); // finds: use:JSON_Web_Signature hardcoded-key
