const { cleanEnv, str } = require('envalid');
const jwt = require('jsonwebtoken');

const env = cleanEnv(process.env, { SECRET: str({ devDefault: 'secret' }), OTHER: str({ default: 'secret' }) });

jwt.sign({}, env.SECRET); // finds: use:HMAC-SHA-256
jwt.sign({}, env.OTHER); // finds: use:HMAC-SHA-256 hardcoded-key
