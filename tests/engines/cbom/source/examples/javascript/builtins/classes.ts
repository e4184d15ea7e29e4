import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { md5 } from './passing';

abstract class Base {
  protected abstract algorithm: string;
  constructor(protected readonly key: Buffer, private name = 'sha256') {}
  seal(data: Buffer) {
    return createCipheriv(this.algorithm, this.key, randomBytes(12)).update(data); // finds: use:CSPRNG use:AES use:AES ecb-mode hardcoded-key
  }
  sign(data: Buffer) {
    return createHmac(this.name, this.key).update(data); // finds: use:HMAC-SHA-256 use:HMAC-SHA-1 hardcoded-key
  }
}

export class Weak extends Base {
  protected algorithm = 'aes-128-ecb';
}

export class Sound extends Base {
  protected algorithm = 'aes-256-gcm';
  constructor() {
    super(randomBytes(32), 'sha1'); // finds: use:CSPRNG
  }
  sign(data: Buffer) {
    return super.sign(data);
  }
}

export const weak = new Weak(Buffer.from('a key of 16 byte'));

@decorated(createHash('md5')) // finds: use:MD5 weak-hash
export class Decorated {
  @decorated(createHash('sha1')) // finds: use:SHA-1 weak-hash
  field = 1;
}

md5('x');
