import { createHash, createHmac } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { issue, mac, sum } from './tokens';

const KEY = 'key of the test';
const expected = (text: string) => createHmac('sha256', KEY).update(text).digest(); // finds: use:HMAC-SHA-256
const token = jwt.sign({ sub: 'me' }, KEY); // finds: use:HMAC-SHA-256

describe('tokens', () => {
  const known = (text: string) => createHash('md5').update(text).digest('hex'); // finds: use:MD5 weak-hash

  it('names its user', () => {
    expect(jwt.decode(issue('me'))).toEqual(jwt.verify(token, KEY)); // finds: use:JSON_Web_Signature
    const resetToken = Math.random().toString(36);
    expect(mac(KEY, resetToken)).toEqual(expected(resetToken));
    expect(sum(resetToken)).toEqual(known(resetToken));
  });
});

it('is told where it calls back', () => {
  [1, 2].forEach(() => createHmac('sha256', 'secret')); // finds: use:HMAC-SHA-256
});
