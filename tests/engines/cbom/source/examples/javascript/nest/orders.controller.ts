import { createHmac } from 'node:crypto';
import { Body, Controller, Headers, Post } from '@nestjs/common';

const Own = (name: string) => (target: object, key: string) => register(target, key, name);

// Annotations that name what a client sends, and those of the program, give no constants.
@Controller()
export class OrdersController {
  constructor(@Own('orders') private readonly own: string) {}

  @Post()
  order(@Body('password') password: string, @Headers('x-key') key: string): void {
    createHmac('sha256', password); // finds: use:HMAC-SHA-256
    createHmac('sha256', key); // finds: use:HMAC-SHA-256
    createHmac('sha256', this.own); // finds: use:HMAC-SHA-256
  }
}
