/** What ipmitool prints, cut off and garbled too, and what it means. */
import test from 'ava'
import { sessionFailure } from '../../../../transports/bmc/ipmi/session-failure.ts'
import {
  commandFailure,
  isPowerOffAccepted,
  parseChassisStatus,
} from '../../../../transports/bmc/ipmi/parse-chassis-status.ts'

test('on and off are read from the reply', (t) => {
  t.is(parseChassisStatus('Chassis Power is on\n'), 'on')
  t.is(parseChassisStatus('Chassis Power is off\n'), 'off')
})

test('noise of late answers around the state does not matter', (t) => {
  const noise = 'IPMI Request Match NOT FOUND\n'.repeat(4)
  t.is(parseChassisStatus(`${noise}Chassis Power is off\n`), 'off')
})

for (const reply of [
  '',
  '\n',
  'Chassis Power is o',
  'Chassis Power is of',
  'Chassis Power is offline\n',
  'Chassis Power is unknown\n',
  'Chassis Power is on\nChassis Power is off\n',
  'System Power         : off\n',
  'power status\u0000\u0007Chassis Power is off',
  'Unable to get Chassis Power Status\n',
  'Chassis Power is off\nUnable to get Chassis Power Status\n',
  'Get Chassis Power Status failed: Node busy\nChassis Power is off\n',
  'Chassis Power is off\nError: Unable to establish IPMI v2 / RMCP+ session\n',
]) {
  test(`no state is read from ${JSON.stringify(reply)}`, (t) => {
    t.is(parseChassisStatus(reply), undefined)
  })
}

test('power-off counts as accepted only with its whole line', (t) => {
  t.true(isPowerOffAccepted('Chassis Power Control: Down/Off\n'))
  t.false(isPowerOffAccepted('Chassis Power Control: Down/Off\nUnable to set Chassis Power\n'))
  t.false(isPowerOffAccepted('Chassis Power Control: Down/O'))
  t.false(isPowerOffAccepted('Chassis Power Control: Up/On\n'))
  t.false(isPowerOffAccepted('Set Chassis Power Control to Down/Off failed: Unspecified error\n'))
})

const ASKED = { cipherSuite: 17, privilege: 'ADMINISTRATOR' } as const
const loading = 'Loading IANA PEN Registry...\n'
const noSession = 'Error: Unable to establish IPMI v2 / RMCP+ session\n'

for (const [output, code, message] of [
  [`${loading}> RAKP 2 HMAC is invalid\n${noSession}`, 'POWER_MISCONFIGURED', /password/],
  [
    `${loading}RAKP 2 message indicates an error : unauthorized name\n${noSession}`,
    'POWER_MISCONFIGURED',
    /user name/,
  ],
  [
    `${loading}Error in open session response message : invalid authentication algorithm\n\n${noSession}`,
    'POWER_MISCONFIGURED',
    /cipher suite/,
  ],
  [
    `${loading}Set Session Privilege Level to ADMINISTRATOR failed\n${noSession}`,
    'POWER_UNREACHABLE',
    /not answer/,
  ],
  [
    `${loading}> Error: no response from RAKP 3 message\nSet Session Privilege Level to ADMINISTRATOR failed\n${noSession}`,
    'POWER_UNREACHABLE',
    /not answer/,
  ],
  [
    `${loading}RAKP 4 message indicates an error : invalid session ID\n${noSession}`,
    'POWER_UNREACHABLE',
    /not answer/,
  ],
  [
    `${loading}Set Session Privilege Level to ADMINISTRATOR failed: Node busy\n${noSession}`,
    'POWER_COMMAND_FAILED',
    /Node busy/,
  ],
  [
    `${loading}Set Session Privilege Level to ADMINISTRATOR failed: Unknown (0x81)\n${noSession}`,
    'POWER_MISCONFIGURED',
    /no privilege ADMINISTRATOR .*ipmi\.privilege/,
  ],
  [
    `${loading}RAKP 2 message indicates an error : unauthorized role requested\n${noSession}`,
    'POWER_MISCONFIGURED',
    /no privilege ADMINISTRATOR/,
  ],
  [
    `${loading}RAKP 2 message indicates an error : illegal parameter\n${noSession}`,
    'POWER_MISCONFIGURED',
    /illegal parameter/,
  ],
  [
    `${loading}> RAKP 4 message has invalid integrity check value\n${noSession}`,
    'POWER_MISCONFIGURED',
    /K_g/,
  ],
  ['Username is too long (> 16 bytes)\n', 'POWER_MISCONFIGURED', /user name/],
  ['lanplus: password is longer than 20 bytes.\n', 'POWER_MISCONFIGURED', /20 bytes/],
  [
    `${loading}Error in open session response message : insufficient resources for session\n${noSession}`,
    'POWER_UNREACHABLE',
    /no free session/,
  ],
  ['Address lookup for bmc.example failed\n', 'POWER_UNREACHABLE', /resolved/],
  [`${loading}Get Auth Capabilities error\n${noSession}`, 'POWER_UNREACHABLE', /not answer/],
  ['', 'POWER_UNREACHABLE', /not answer/],
  ['setpriv: failed to execute ipmitool: No such file or directory\n', 'POWER_UNAVAILABLE', /apt/],
  ['bash: line 5: exec: setpriv: not found\n', 'POWER_UNAVAILABLE', /apt/],
  ['execvp(3) failed.: No such file or directory\n', 'POWER_UNAVAILABLE', /apt/],
] as const) {
  test(`session failure ${JSON.stringify(output.slice(-160))} is ${code}`, (t) => {
    const failure = sessionFailure(output, ASKED)
    t.is(failure.code, code)
    t.regex(failure.message, message)
  })
}

for (const [reply, code, message] of [
  ['Unable to get Chassis Power Status\n', 'POWER_UNREACHABLE', /no longer answers/],
  ['Unable to set Chassis Power Control to Down/Off\n', 'POWER_UNREACHABLE', /no longer answers/],
  [
    'Set Chassis Power Control to Down/Off failed: Insufficient privilege level\n',
    'POWER_MISCONFIGURED',
    /may not/,
  ],
  [
    'Set Chassis Power Control to Down/Off failed: Command not supported in present state\n',
    'POWER_COMMAND_FAILED',
    /Command not supported in present state$/,
  ],
  ['Get Chassis Power Status failed: Node busy\n', 'POWER_COMMAND_FAILED', /Node busy$/],
  ['Chassis Power is o', 'POWER_COMMAND_FAILED', /not understood/],
  ['\u0000\u001b[2J', 'POWER_COMMAND_FAILED', /not understood/],
] as const) {
  test(`reply ${JSON.stringify(reply)} is ${code}`, (t) => {
    const failure = commandFailure(reply, ASKED)
    t.is(failure.code, code)
    t.regex(failure.message, message)
  })
}
