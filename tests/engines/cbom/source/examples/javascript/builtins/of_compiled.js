const compiled = require('./compiled');

compiled.crypto.createHmac('sha256', compiled.KEYS.first); // finds: use:HMAC-SHA-256 hardcoded-key
compiled.crypto.createHash(compiled.name); // finds: use:SHA-1 weak-hash
compiled.crypto.createHash(compiled.key);
