import { createCipheriv, createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
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

export class Tunable {
  private rounds = 1000;
  get iterations() {
    return this.rounds;
  }
  set iterations(value: number) {
    notify(value);
  }
  derive(password: string) {
    return pbkdf2Sync(password, randomBytes(16), this.iterations, 32, 'sha256'); // finds: use:PBKDF2 use:CSPRNG low-kdf-iterations
  }
}

// In a static method, this is the class.
class Sealer {
  static KEY = 'a fixed key of 16';
  private static readonly ALGORITHM = 'aes-128-ecb';
  static #rounds = 1000;

  static cipher(key: Buffer) {
    return crypto.createCipheriv(this.ALGORITHM, key, null); // finds: use:AES ecb-mode hardcoded-key
  }

  static seal() {
    return this.cipher(Buffer.from(this.KEY));
  }

  static key(password: string, salt: Buffer) {
    return crypto.pbkdf2Sync(password, salt, this.#rounds, 32, 'sha256'); // finds: use:PBKDF2 low-kdf-iterations
  }
}
