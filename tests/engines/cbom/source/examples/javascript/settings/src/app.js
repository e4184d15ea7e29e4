const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const yaml = require('js-yaml');
const jwt = require('jsonwebtoken');

const config = yaml.load(fs.readFileSync('config.yml', 'utf8'));
const keys = JSON.parse(fs.readFileSync(path.join(__dirname, 'keys.json')));

jwt.sign({}, process.env.JWT_SECRET); // finds: use:HMAC-SHA-256 hardcoded-key
jwt.sign({}, process.env.OTHER_SECRET); // finds: use:HMAC-SHA-256
crypto.createHmac(config.mac.hash, config.mac.key); // finds: use:HMAC-MD5 hardcoded-key weak-hash
crypto.createHmac('sha256', Buffer.from(keys.key, 'hex')); // finds: use:HMAC-SHA-256 hardcoded-key
crypto.createHmac('sha256', JSON.parse(process.argv[2]).key); // finds: use:HMAC-SHA-256
