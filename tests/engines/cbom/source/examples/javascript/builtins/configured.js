const crypto = require('crypto');
const config = require('./config.json');
const { token: { secret } } = require('./config');

crypto.createHash(config.digest); // finds: use:MD5 weak-hash
crypto.createHmac('sha256', secret); // finds: use:HMAC-SHA-256 hardcoded-key
crypto.createHash(config.absent);
