import { createHash, createHmac } from 'node:crypto';
import jwt from 'jsonwebtoken';

export const mac = (key: string, text: string) => createHmac('sha256', key).update(text).digest(); // finds: use:HMAC-SHA-256
export const issue = (sub: string) => jwt.sign({ sub }, 'key of the program'); // finds: use:HMAC-SHA-256 hardcoded-key
export const sum = (text: string) => createHash('md5').update(text).digest('hex'); // finds: use:MD5 weak-hash
