/** The spool in memory passes the suite that the file passes. */
import test from 'ava'
import { MemoryFaultSpool } from '../../../transports/memory/fault-spool.ts'
import { faultSpoolConformance } from '../../support/fault-spool-conformance.ts'

faultSpoolConformance(test, async () => new MemoryFaultSpool())
