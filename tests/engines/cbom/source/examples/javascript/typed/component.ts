import { Component, inject } from '@angular/core';
import { HashService } from './service';

@Component({ selector: 'x-sum', template: '' })
export class Sum {
  private readonly hashes = inject(HashService);
  of(text: string) {
    return this.hashes.hash('md5', text);
  }
}
