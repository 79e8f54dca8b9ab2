import { type Address, encodeDeployData, type Hex } from 'viem'
import { deploylessProgram } from '../../abis/programs.ts'
import {
  type BaseError,
  EndpointError,
  EndpointUnfitError,
  RevertedError,
  TooLargeError,
} from '../core/errors.ts'
import type { Endpoint, Meter, RunMode } from './endpoint.ts'
import type { PinnedBlock, PinnedRpc } from './rpc.ts'

/** A contract of ours that is never deployed: it runs inside one eth_call. */
export type Program = { readonly runtime: Hex; readonly creation: Hex }

/** By address, the code that stands there during a call. */
export type Overrides = Readonly<Record<Address, { readonly code: Hex }>>

/** Where a program's code is placed: an address that nobody can own. */
const PLACE: Address = '0x000000000000000000000000000000004C425244'

const CONSTRUCTOR = [
  { type: 'constructor', stateMutability: 'nonpayable', inputs: [{ type: 'bytes' }, { type: 'bytes' }] },
] as const

/** Runtime that answers one word, to see whether an endpoint honours a code override. */
const PROBE_ANSWER: Hex = '0x00000000000000000000000000000000000000000000000000000000006c6271'
const PROBE_CODE: Hex = `0x7f${PROBE_ANSWER.slice(2)}60005260206000f3`
/** Creation code of the same runtime: copies it and returns it. */
const PROBE_CREATION: Hex = `0x6029600c60003960296000f3${PROBE_CODE.slice(2)}`

const blockParameter = (block: PinnedBlock, byHash: boolean): unknown =>
  byHash ? { blockHash: block.hash, requireCanonical: true } : `0x${block.number.toString(16)}`

const isHex = (value: unknown): value is Hex => typeof value === 'string' && value.startsWith('0x')

type Call = { readonly to?: Address; readonly data: Hex }

const ethCall = async (
  endpoint: Endpoint,
  {
    call,
    block,
    byHash,
    overrides,
  }: { call: Call; block: PinnedBlock; byHash: boolean; overrides?: Overrides },
  meter: Meter,
): Promise<Hex> => {
  const params = [call, blockParameter(block, byHash), ...(overrides ? [overrides] : [])]
  const answer = await endpoint.request('eth_call', params, meter)
  if (!isHex(answer)) {
    const what = answer === null ? 'null' : `a ${typeof answer}`
    throw new EndpointError(`${endpoint.host} answered eth_call with ${what}; try another endpoint`)
  }
  return answer
}

/** Runs a program by a creation that reverts with its answer; needs no override, only error data. */
const runDeployless = async (
  endpoint: Endpoint,
  { creation, data, block, byHash }: { creation: Hex; data: Hex; block: PinnedBlock; byHash: boolean },
  meter: Meter,
): Promise<Hex> => {
  const deploy = encodeDeployData({
    abi: CONSTRUCTOR,
    bytecode: deploylessProgram.creation,
    args: [creation, data],
  })
  try {
    await ethCall(endpoint, { call: { data: deploy }, block, byHash }, meter)
  } catch (error) {
    if (error instanceof RevertedError) {
      if (isHex(error.details.data) && error.details.data.length > 2) return error.details.data
      throw new TooLargeError(`${endpoint.host}: a program stopped without an answer (out of gas?)`, {
        cause: error,
      })
    }
    throw error
  }
  throw new RevertedError(`${endpoint.host}: a program returned instead of reverting`)
}

/** Finds the best way to run programs at an endpoint: override, deployless, or only the public Multicall3. */
const probe = async (endpoint: Endpoint, block: PinnedBlock, meter: Meter): Promise<RunMode> => {
  const answers = async (attempt: () => Promise<Hex>): Promise<boolean> => {
    try {
      return (await attempt()) === PROBE_ANSWER
    } catch (error) {
      // no state for the block is not an answer to the question, and a network that fails is none either
      if (error instanceof EndpointError) throw error
      return false
    }
  }
  for (const programs of ['override', 'deployless'] as const)
    for (const byHash of [true, false]) {
      const works = await answers(() =>
        programs === 'override'
          ? ethCall(
              endpoint,
              {
                call: { to: PLACE, data: '0x' },
                block,
                byHash,
                overrides: { [PLACE]: { code: PROBE_CODE } },
              },
              meter,
            )
          : runDeployless(endpoint, { creation: PROBE_CREATION, data: '0x', block, byHash }, meter),
      )
      if (works) return { programs, byHash }
    }
  const byHash = await answers(async () => {
    await ethCall(endpoint, { call: { to: PLACE, data: '0x' }, block, byHash: true }, meter)
    return PROBE_ANSWER
  })
  if (!byHash) await ethCall(endpoint, { call: { to: PLACE, data: '0x' }, block, byHash: false }, meter)
  return { programs: 'multicall3', byHash }
}

const modeOf = async (endpoint: Endpoint, block: PinnedBlock, meter: Meter): Promise<RunMode> => {
  endpoint.mode ??= await probe(endpoint, block, meter)
  return endpoint.mode
}

/** How programs run at the endpoint in use. */
export const runModeOf = (rpc: PinnedRpc, meter: Meter): Promise<RunMode> =>
  rpc.perform(meter, (endpoint) => modeOf(endpoint, rpc.block, meter))

/** A plain call at the pinned block; with overrides only where the endpoint honours them. */
export const call = (
  rpc: PinnedRpc,
  { to, data, overrides }: { readonly to: Address; readonly data: Hex; readonly overrides?: Overrides },
  meter: Meter,
): Promise<Hex> =>
  rpc.perform(meter, async (endpoint) => {
    const { byHash, programs } = await modeOf(endpoint, rpc.block, meter)
    if (overrides && programs !== 'override')
      throw new EndpointUnfitError(`${endpoint.host} refuses state overrides`)
    const options = { call: { to, data }, block: rpc.block, byHash }
    return ethCall(endpoint, overrides ? { ...options, overrides } : options, meter)
  })

/**
 * Runs a program at the pinned block, optionally with other code overrides beside it.
 * @returns null where the endpoint can run none: read through the public getters instead.
 */
export const runProgram = (
  rpc: PinnedRpc,
  {
    program,
    data,
    overrides,
  }: { readonly program: Program; readonly data: Hex; readonly overrides?: Overrides },
  meter: Meter,
): Promise<Hex | null> =>
  rpc.perform(meter, async (endpoint) => {
    const { programs, byHash } = await modeOf(endpoint, rpc.block, meter)
    if (programs === 'multicall3' || (overrides && programs !== 'override')) return null
    if (programs === 'deployless')
      return runDeployless(endpoint, { creation: program.creation, data, block: rpc.block, byHash }, meter)
    try {
      return await ethCall(
        endpoint,
        {
          call: { to: PLACE, data },
          block: rpc.block,
          byHash,
          overrides: { ...overrides, [PLACE]: { code: program.runtime } },
        },
        meter,
      )
    } catch (error) {
      // our programs revert only when an inner call fails without a word: out of gas, far more often than not
      if (error instanceof RevertedError && isBare(error))
        throw new TooLargeError(error.message, { cause: error })
      throw error
    }
  })

const isBare = (error: BaseError): boolean => {
  const { data } = error.details
  return data === undefined || data === '0x'
}
