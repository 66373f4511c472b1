/** A death certificate says in sentences why a host is certainly dead. */
import test from 'ava'
import { certify } from '../../../actors/fence/death-certificate.ts'
import { CERTIFICATE_GROUNDS } from '../../../schema/records.ts'
import { EPOCH, H1, N1, ONE } from '../records.ts'

const DECEASED = {
  notification: N1,
  host: H1,
  hostName: ONE,
  epoch: EPOCH,
  evidence: ['monitor-1: dead: ssh silent', 'monitor-2: dead: ssh silent'],
}

test('a certificate names host, recovery, epoch and ground, and keeps the evidence in order', (t) => {
  const certificate = certify(DECEASED, {
    ground: 'power-off-confirmed',
    witness: 'the BMC',
    before: null,
    issuedAt: 1_767_225_600_000,
  })
  const { evidence, ...rest } = certificate
  t.deepEqual(rest, {
    notification: N1,
    host: H1,
    epoch: EPOCH,
    ground: 'power-off-confirmed',
    issuedAt: 1_767_225_600_000,
  })
  t.deepEqual(evidence.slice(0, 2), DECEASED.evidence)
  t.regex(
    evidence[2] ?? '',
    /^compute-1: we ordered power off and the BMC read it back as off \(2026-01-01T00:00:00/,
  )
})

test('every ground has its own sentence', (t) => {
  const sentences = CERTIFICATE_GROUNDS.map((ground) =>
    certify(DECEASED, { ground, witness: 'the BMC', before: null, issuedAt: 0 }).evidence.at(-1),
  )
  t.is(new Set(sentences).size, CERTIFICATE_GROUNDS.length)
})

const sentenceAfter = (before: 'on' | 'off'): string =>
  certify(DECEASED, {
    ground: 'power-off-confirmed',
    witness: 'fence_apc',
    before,
    issuedAt: 0,
  }).evidence.at(-1) ?? ''

test('a certificate says what the witness had read before the order', (t) => {
  t.regex(sentenceAfter('on'), /fence_apc, which had read on before, read it back as off/)
  t.regex(sentenceAfter('off'), /fence_apc, which had read off before the order already, read it/)
})
