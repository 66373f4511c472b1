/** The record of guests that ran, in memory. */
import test from 'ava'
import { MemoryRunRecord } from '../../../transports/memory/run-record.ts'
import { runRecordConformance } from '../../support/run-record-conformance.ts'

runRecordConformance(test, async () => new MemoryRunRecord(() => 'boot-1'))
