/** What Nova's scheduler requests from Placement, flavour by flavour. */
import test from 'ava'
import { requestOf, type Flavor } from '../../../transports/openstack/scheduler-request.ts'

const FLAVOR: Flavor = { vcpus: 4, ram: 8192, disk: 20, ephemeral: 10, swap: 1025 }
const PLAIN = { vcpus: 4, memoryMb: 8192, diskGb: 32 }

type Specs = Readonly<Record<string, string>>
const CASES: readonly (readonly [string, Specs, object, string | null])[] = [
  ['nothing else', {}, PLAIN, null],
  ['what is no request', { 'hw:mem_page_size': 'large', 'quota:cpu_shares': '10' }, PLAIN, null],
  ['another memory', { 'resources:MEMORY_MB': '512' }, { ...PLAIN, memoryMb: 512 }, null],
  ['no VCPU', { 'resources:VCPU': '0' }, { ...PLAIN, vcpus: 0 }, null],
  ['no disk', { 'resources:DISK_GB': '0' }, { ...PLAIN, diskGb: 0 }, null],
  ['an amount that is none', { 'resources:VCPU': 'many' }, PLAIN, null],
  [
    'PCPU by name',
    { 'resources:PCPU': '4' },
    { ...PLAIN, vcpus: 0, others: { PCPU: 4 } },
    'resources=DISK_GB:32,MEMORY_MB:8192,PCPU:4',
  ],
  [
    'dedicated CPUs',
    { 'hw:cpu_policy': 'dedicated' },
    { ...PLAIN, vcpus: 0, others: { PCPU: 4 } },
    'resources=DISK_GB:32,MEMORY_MB:8192,PCPU:4',
  ],
  [
    'dedicated CPUs and one for the emulator',
    { 'hw:cpu_policy': 'dedicated', 'hw:emulator_threads_policy': 'isolate' },
    { ...PLAIN, vcpus: 0, others: { PCPU: 5 } },
    'resources=DISK_GB:32,MEMORY_MB:8192,PCPU:5',
  ],
  [
    'dedicated CPUs without siblings',
    { 'hw:cpu_policy': 'dedicated', 'hw:cpu_thread_policy': 'isolate' },
    { ...PLAIN, vcpus: 0, others: { PCPU: 4 } },
    'resources=DISK_GB:32,MEMORY_MB:8192,PCPU:4&required=!HW_CPU_HYPERTHREADING',
  ],
  [
    'some dedicated CPUs',
    { 'hw:cpu_policy': 'mixed', 'hw:cpu_dedicated_mask': '^0-1' },
    { ...PLAIN, vcpus: 2, others: { PCPU: 2 } },
    'resources=DISK_GB:32,MEMORY_MB:8192,PCPU:2,VCPU:2',
  ],
  [
    'a GPU',
    { 'resources:VGPU': '1' },
    { ...PLAIN, others: { VGPU: 1 } },
    'resources=DISK_GB:32,MEMORY_MB:8192,VCPU:4,VGPU:1',
  ],
  [
    'traits',
    { 'trait:HW_CPU_X86_AVX': 'required', 'trait:CUSTOM_SLOW': 'forbidden', 'trait:X': 'maybe' },
    PLAIN,
    'resources=DISK_GB:32,MEMORY_MB:8192,VCPU:4&required=HW_CPU_X86_AVX,!CUSTOM_SLOW',
  ],
  [
    'groups of their own',
    {
      'resources1:VGPU': '1',
      'trait1:CUSTOM_BIG': 'required',
      'resources2:VGPU': '2',
      group_policy: 'isolate',
    },
    { ...PLAIN, others: { VGPU: 3 } },
    'resources=DISK_GB:32,MEMORY_MB:8192,VCPU:4&resources1=VGPU:1&required1=CUSTOM_BIG&resources2=VGPU:2&group_policy=isolate',
  ],
  [
    'a class that a group of its own names',
    { 'resources1:VCPU': '2' },
    { ...PLAIN, vcpus: 2 },
    'resources=DISK_GB:32,MEMORY_MB:8192&resources1=VCPU:2',
  ],
  [
    'persistent and encrypted memory',
    { 'hw:pmem': '6GB,6GB', 'hw:mem_encryption': 'True' },
    { ...PLAIN, others: { CUSTOM_PMEM_NAMESPACE_6GB: 2, MEM_ENCRYPTION_CONTEXT: 1 } },
    'resources=CUSTOM_PMEM_NAMESPACE_6GB:2,DISK_GB:32,MEMORY_MB:8192,MEM_ENCRYPTION_CONTEXT:1,VCPU:4',
  ],
]

for (const [what, specs, needs, query] of CASES) {
  test(`a flavor with ${what} is counted as Nova counts it`, (t) => {
    const request = requestOf({ ...FLAVOR, extra_specs: specs }, 'local')
    t.deepEqual(request.needs, needs)
    t.is(request.query === null ? null : decodeURIComponent(request.query), query)
  })
}

test('a volume takes no disk of the host', (t) => {
  t.is(requestOf(FLAVOR, 'volume').needs.diskGb, 12)
})
