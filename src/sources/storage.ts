import { type Address, concatHex, type Hex, size, slice } from 'viem'
import { storageReaderProgram } from '../../abis/programs.ts'
import { EndpointError, TooLargeError } from '../core/errors.ts'
import { type RawCall, runTogether } from './batch.ts'
import type { Meter } from './endpoint.ts'
import { type Overrides, runModeOf } from './programs.ts'
import type { PinnedRpc } from './rpc.ts'

/** Words of one contract's storage, by slot. */
export type StorageSlots = { readonly address: Address; readonly slots: readonly Hex[] }

/** Slots in one request (2,100 gas each beside the call data); an endpoint that refuses so many gets half. */
const MOST_SLOTS = 4000

/**
 * Storage words at the pinned block, contract by contract and slot by slot in the order asked, for what no getter of
 * a contract tells. The words are read by a program of ours that stands in the contract's place for the call.
 * @returns null where the endpoint refuses state overrides.
 */
export const readStorage = async (
  rpc: PinnedRpc,
  asked: readonly StorageSlots[],
  meter: Meter,
): Promise<readonly (readonly Hex[])[] | null> => {
  const { programs } = await runModeOf(rpc, meter)
  if (programs !== 'override') return null
  const calls = asked.flatMap(({ address, slots }, owner) =>
    cut(slots).map((part) => ({ address, part, owner })),
  )
  const words: Hex[][] = asked.map(() => [])
  for (const group of requestsOf(calls)) {
    const answers = await readParts(rpc, group, meter)
    for (const [i, { owner }] of group.entries()) words[owner]?.push(...(answers[i] ?? []))
  }
  return words
}

type Part = { readonly address: Address; readonly part: readonly Hex[] }

const cut = (slots: readonly Hex[]): readonly (readonly Hex[])[] =>
  Array.from({ length: Math.ceil(slots.length / MOST_SLOTS) }, (_, i) =>
    slots.slice(i * MOST_SLOTS, (i + 1) * MOST_SLOTS),
  )

/** As many parts together as one request may carry. */
const requestsOf = <P extends Part>(parts: readonly P[]): readonly (readonly P[])[] => {
  const requests: P[][] = []
  let room = 0
  for (const part of parts) {
    if (part.part.length > room) {
      requests.push([])
      room = MOST_SLOTS
    }
    requests.at(-1)?.push(part)
    room -= part.part.length
  }
  return requests
}

const readParts = async (
  rpc: PinnedRpc,
  parts: readonly Part[],
  meter: Meter,
): Promise<readonly (readonly Hex[])[]> => {
  const calls: readonly RawCall[] = parts.map(({ address, part }) => ({ to: address, data: concatHex(part) }))
  const overrides: Overrides = Object.fromEntries(
    parts.map(({ address }) => [address, { code: storageReaderProgram.runtime }]),
  )
  try {
    const answers = await runTogether(rpc, calls, meter, overrides)
    return parts.map(({ address, part }, i) => wordsOf(answers[i]?.data ?? '0x', part.length, address))
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error
    const halves = parts.length > 1 ? splitList(parts) : splitSlots(parts)
    if (halves === null) throw error
    const [left, right] = [await readParts(rpc, halves[0], meter), await readParts(rpc, halves[1], meter)]
    return parts.length > 1 ? [...left, ...right] : [[...left, ...right].flat()]
  }
}

const splitList = (parts: readonly Part[]): readonly [readonly Part[], readonly Part[]] => {
  const middle = Math.ceil(parts.length / 2)
  return [parts.slice(0, middle), parts.slice(middle)]
}

/** null where there is nothing left to cut. */
const splitSlots = ([only]: readonly Part[]): readonly [readonly Part[], readonly Part[]] | null => {
  if (!only || only.part.length < 2) return null
  const middle = Math.ceil(only.part.length / 2)
  const half = (part: readonly Hex[]): readonly Part[] => [{ address: only.address, part }]
  return [half(only.part.slice(0, middle)), half(only.part.slice(middle))]
}

const wordsOf = (data: Hex, count: number, address: Address): readonly Hex[] => {
  if (size(data) !== count * 32)
    throw new EndpointError(
      `the storage of ${address} was answered with ${size(data)} bytes, expected ${count * 32}; try another endpoint`,
    )
  return Array.from({ length: count }, (_, i) => slice(data, i * 32, (i + 1) * 32))
}
