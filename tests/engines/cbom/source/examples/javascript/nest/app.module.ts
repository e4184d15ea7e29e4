import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';

import { jwtConfig } from './jwt.config';
import { SIGNING_KEY, Signer } from './signer.service';

@Module({
  imports: [ConfigModule.forRoot({ load: [jwtConfig, () => ({ cookie: { secret: 'a secret of all cookies' } })] })],
  providers: [
    Signer,
    { provide: SIGNING_KEY, useValue: 'a key that all can read' },
    { provide: 'PEPPER', useFactory: () => process.env.PEPPER },
    { provide: 'HASH', useValue: 'md5' },
  ],
})
export class AppModule {}
