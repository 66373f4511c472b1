/** The in-process bus keeps the promises of every bus, in virtual time. */
import test from 'ava'
import { busConformance } from '../../support/bus-conformance.ts'
import { leaseConformance } from '../../support/lease-conformance.ts'
import { openMemoryWorld } from '../../support/memory-world.ts'

const opener = { open: openMemoryWorld, openFragile: openMemoryWorld }
busConformance(test, opener)
leaseConformance(test, opener)
