import { defineConfig } from '@playwright/test';

export default defineConfig({
  use: { ignoreHTTPSErrors: true, baseURL: 'https://127.0.0.1:3443' },
});
