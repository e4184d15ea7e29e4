import { Inject } from '@nestjs/common';
import { ConfigType, registerAs } from '@nestjs/config';

export const jwtConfig = registerAs('jwt', () => ({
  secret: process.env.JWT_SECRET ?? '533Cr3tK3yF0rH4sh1nG',
  refresh: process.env.JWT_REFRESH_SECRET,
}));

export const JwtConfig = () => Inject(jwtConfig.KEY);
export type IJwtConfig = ConfigType<typeof jwtConfig>;
