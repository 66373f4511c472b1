/** All specs but those with real guests, the chaos, those in containers, and those on a real cloud. */
import { GUESTS } from './ava.guests.config.mjs'

export default {
  extensions: ['ts'],
  files: [
    'spec/**/*.spec.ts',
    '!spec/openstack/**',
    '!spec/containers/**',
    ...GUESTS.map((file) => `!${file}`),
  ],
  timeout: '5m',
  concurrency: 3,
}
