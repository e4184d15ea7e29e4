import { createHash, createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import * as jwt from 'jsonwebtoken';

import { type IJwtConfig, JwtConfig } from './jwt.config';

export const SIGNING_KEY = 'SIGNING_KEY';

@Injectable()
export class Signer {
  @Inject('HASH') private readonly hash: string;

  constructor(
    @Inject(SIGNING_KEY) private readonly key: string,
    @Inject('PEPPER') private readonly pepper: string,
    @JwtConfig() private readonly settings: IJwtConfig,
    private readonly configuration: ConfigService,
  ) {}

  sign(text: string): string {
    return createHmac('sha256', this.key).update(text).digest('hex'); // finds: use:HMAC-SHA-256 hardcoded-key
  }

  peppered(text: string): string {
    return createHmac('sha256', this.pepper).update(text).digest('hex'); // finds: use:HMAC-SHA-256
  }

  tag(text: string): string {
    return createHash(this.hash).update(text).digest('hex'); // finds: use:MD5 weak-hash
  }

  token(id: number): string {
    return jwt.sign({ id }, this.settings.secret); // finds: use:HMAC-SHA-256 hardcoded-key
  }

  refreshed(id: number): string {
    return jwt.sign({ id }, this.settings.refresh); // finds: use:HMAC-SHA-256
  }

  cookie(text: string): string {
    const secret = this.configuration.get<string>('cookie.secret');
    return createHmac('sha256', secret).update(text).digest('hex'); // finds: use:HMAC-SHA-256 hardcoded-key
  }

  other(text: string): string {
    const secret = this.configuration.getOrThrow<string>('jwt.refresh');
    return createHmac('sha256', secret).update(text).digest('hex'); // finds: use:HMAC-SHA-256
  }
}
