/** Specs with real guests, and the chaos. They run after all others, one file at a time: an emulated guest that shares the processors is late. */
export const GUESTS = [
  'spec/transports/libvirt/libvirt.spec.ts',
  'spec/ops/instance-monitor-role.spec.ts',
  'spec/chaos/chaos.spec.ts',
]

export default {
  extensions: ['ts'],
  files: GUESTS,
  timeout: '5m',
  concurrency: 1,
}
