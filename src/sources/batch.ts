import {
  type Abi,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  concatHex,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  numberToHex,
} from 'viem'
import { multicall3Abi } from '../../abis/multicall3.ts'
import { batchProgram } from '../../abis/programs.ts'
import { EndpointError, EndpointUnfitError, RevertedError, TooLargeError } from '../core/errors.ts'
import type { Meter } from './endpoint.ts'
import { call, type Overrides, runProgram } from './programs.ts'
import type { PinnedRpc } from './rpc.ts'

/** The public Multicall3, same address on every chain. Source: https://github.com/mds1/multicall3. */
const MULTICALL3: Address = '0xcA11bde05977b3631167028862bE2a173976CA11'

/**
 * The modular exponentiation of EIP-198, asked for one that costs more than a million gas. Multicall3 does not tell a
 * call that was refused from one that ran out of the request's gas; after the latter, too little is left for this.
 */
const GAS_CHECK: RawCall = {
  to: '0x0000000000000000000000000000000000000005',
  data: concatHex([
    ...[1024n, 32n, 1024n].map((length) => numberToHex(length, { size: 32 })),
    `0x${'00'.repeat(1024)}`,
    `0x${'ff'.repeat(32)}`,
  ]),
}

/** Calls in one request; an endpoint that refuses so many gets half. */
const MAX_CALLS = 800

export type RawCall = { readonly to: Address; readonly data: Hex }
export type RawResult = { readonly success: boolean; readonly data: Hex }

/** Runs calls one after the other inside one eth_call (state carries over from one to the next). */
export const runTogether = async (
  rpc: PinnedRpc,
  calls: readonly RawCall[],
  meter: Meter,
  overrides?: Overrides,
): Promise<readonly RawResult[]> => {
  const place = overrides ? { overrides } : {}
  const own = await runProgram(rpc, { program: batchProgram, data: encodeCalls(calls), ...place }, meter)
  if (own !== null) return decodeResults(own)
  const data = encodeCalls([...calls, GAS_CHECK])
  const answer = await call(rpc, { to: MULTICALL3, data, ...place }, meter)
  if (answer === '0x')
    throw new EndpointUnfitError(
      `${rpc.chain}: the endpoint runs no program of ours, and there is no Multicall3 at block ${rpc.block.number}: use an endpoint with state overrides`,
    )
  const results = decodeResults(answer)
  if (results.pop()?.success !== true)
    throw new TooLargeError(`${rpc.chain}: ${calls.length} calls together ran out of gas`)
  return results
}

const encodeCalls = (calls: readonly RawCall[]): Hex =>
  encodeFunctionData({
    abi: multicall3Abi,
    functionName: 'aggregate3',
    args: [calls.map(({ to, data }) => ({ target: to, allowFailure: true, callData: data }))],
  })

/** @throws EndpointError when the answer is cut short or something else. */
const decodeResults = (answer: Hex): RawResult[] => {
  try {
    return decodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', data: answer }).map(
      ({ success, returnData }) => ({ success, data: returnData }),
    )
  } catch (cause) {
    throw new EndpointError('the answer to a batch of calls is cut short or garbled; try another endpoint', {
      cause,
    })
  }
}

/** Any number of independent calls: cut into requests, and cut again where one is too large. */
export const runMany = async (
  rpc: PinnedRpc,
  calls: readonly RawCall[],
  meter: Meter,
): Promise<readonly RawResult[]> => {
  if (calls.length > MAX_CALLS) return inHalves(rpc, calls, meter)
  try {
    return await runTogether(rpc, calls, meter)
  } catch (error) {
    if (!(error instanceof TooLargeError) || calls.length === 1) throw error
    return inHalves(rpc, calls, meter)
  }
}

const inHalves = async (
  rpc: PinnedRpc,
  calls: readonly RawCall[],
  meter: Meter,
): Promise<readonly RawResult[]> => {
  const middle = Math.ceil(calls.length / 2)
  const [left, right] = await Promise.all([
    runMany(rpc, calls.slice(0, middle), meter),
    runMany(rpc, calls.slice(middle), meter),
  ])
  return [...left, ...right]
}

type View = 'view' | 'pure'

type ReadParameters<
  abi extends Abi,
  name extends ContractFunctionName<abi, View>,
  args extends ContractFunctionArgs<abi, View, name>,
> = {
  readonly address: Address
  readonly abi: abi
  readonly functionName: name
  readonly args?: args
}

/** Typed contract reads at the pinned block; those asked for in the same tick travel in one request. */
export type Reader = {
  /** @throws RevertedError where the contract refuses. */
  readonly read: <
    const abi extends Abi,
    name extends ContractFunctionName<abi, View>,
    const args extends ContractFunctionArgs<abi, View, name>,
  >(
    parameters: ReadParameters<abi, name, args>,
  ) => Promise<ContractFunctionReturnType<abi, View, name, args>>
  /**
   * For functions that a contract may lack, refuse, or answer with another type: null when it does; never null for a
   * failed request.
   */
  readonly tryRead: <
    const abi extends Abi,
    name extends ContractFunctionName<abi, View>,
    const args extends ContractFunctionArgs<abi, View, name>,
  >(
    parameters: ReadParameters<abi, name, args>,
  ) => Promise<ContractFunctionReturnType<abi, View, name, args> | null>
}

export const createReader = (rpc: PinnedRpc, meter: Meter): Reader => {
  type Waiting = {
    readonly call: RawCall
    readonly resolve: (result: RawResult) => void
    readonly reject: (error: unknown) => void
  }
  let queue: Waiting[] = []

  const flush = async (): Promise<void> => {
    const waiting = queue
    queue = []
    try {
      const results = await runMany(
        rpc,
        waiting.map(({ call }) => call),
        meter,
      )
      for (const [i, result] of results.entries()) waiting[i]?.resolve(result)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }

  const ask = (call: RawCall): Promise<RawResult> =>
    new Promise((resolve, reject) => {
      if (queue.length === 0) setImmediate(flush)
      queue.push({ call, resolve, reject })
    })

  const tryRead: Reader['tryRead'] = async (parameters) => {
    // viem's own encode/decode types do not accept a generic abi; the public signature above is the checked one
    const plain = parameters as {
      address: Address
      abi: Abi
      functionName: string
      args?: readonly unknown[]
    }
    const result = await ask({ to: plain.address, data: encodeFunctionData(plain) })
    if (!result.success || result.data === '0x') return null
    try {
      return decodeFunctionResult({ ...plain, data: result.data }) as never
    } catch {
      // another function under that name: an answer of another type (the bytes32 symbol of MKR)
      return null
    }
  }

  const read: Reader['read'] = async (parameters) => {
    const value = await tryRead(parameters)
    if (value === null)
      throw new RevertedError(
        `${parameters.address} gave no answer to ${String(parameters.functionName)}() at block ${rpc.block.number}: is the address right, and was it deployed by then?`,
      )
    return value
  }
  return { read, tryRead }
}
