/** Specs of our own image and of the deployments under ops/docker. `npm run test:containers` runs them. */
export default {
  extensions: ['ts'],
  files: ['spec/containers/*.spec.ts'],
  timeout: '20m',
  concurrency: 1,
}
