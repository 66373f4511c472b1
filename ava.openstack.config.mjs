/** Specs that need a cloud named by OS_* variables; they share it, so they run one after the other. */
export default {
  extensions: ['ts'],
  files: ['spec/openstack/**/*.spec.ts'],
  timeout: '15m',
  concurrency: 1,
}
