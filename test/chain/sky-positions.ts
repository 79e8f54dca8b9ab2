import {
  type Address,
  encodeFunctionData,
  getAddress,
  parseAbi,
  parseEventLogs,
  type RpcLog,
  zeroAddress,
} from 'viem'
import type { Anvil } from './anvil.ts'
import { createRandom } from './random.ts'
import { type DssMarket, type IlkName, osmPrice, termsOf, word } from './sky.ts'
import { sendTransaction } from './transaction.ts'

/** A vault to open: collateral and normalised debt, wad; without an owner outside the manager. */
export type DssPlan = {
  readonly ilk: IlkName
  readonly ink: bigint
  readonly art: bigint
  readonly owner: Address | null
}

export type OpenedVault = DssPlan & { readonly urn: Address; readonly key: string }

const abi = parseAbi([
  'struct DssPlan { bytes32 ilk; int256 ink; int256 art; address owner; }',
  'function open(DssPlan[] plans)',
  'event Opened(address[] urns)',
])

/** Vaults in one transaction: more make every later call of the local chain slow. */
const BATCH = 150
const GAS = 29_000_000_000n

const WAD = 10n ** 18n
const RAY = 10n ** 27n

/** Opens them exactly as planned; the vaults come in the order of the plans. */
export const openVaults = async (
  anvil: Anvil,
  { opener, admin }: Pick<DssMarket, 'opener' | 'admin'>,
  plans: readonly DssPlan[],
): Promise<readonly OpenedVault[]> => {
  const urns: Address[] = []
  for (let start = 0; start < plans.length; start += BATCH) {
    const batch = plans
      .slice(start, start + BATCH)
      .map((plan) => ({ ...plan, ilk: word(plan.ilk), owner: plan.owner ?? zeroAddress }))
    const data = encodeFunctionData({ abi, functionName: 'open', args: [batch] })
    const { blockNumber } = await sendTransaction(anvil, { from: admin, to: opener, data, gas: GAS })
    const filter = { address: opener, fromBlock: blockNumber, toBlock: blockNumber }
    const logs = await anvil.rpc<RpcLog[]>('eth_getLogs', [filter])
    for (const { args } of parseEventLogs({ abi, logs })) urns.push(...args.urns)
  }
  return plans.map((plan, i) => {
    const urn = urns[i] ?? zeroAddress
    return { ...plan, urn, key: `${plan.ilk}:${urn}` }
  })
}

/** The ink, wad, with which a debt is unsafe below this share of the market's price at deployment. */
export const inkFor = (ilk: IlkName, debt: bigint, share: number): bigint => {
  const { gem, mat, usd } = termsOf(ilk)
  const price = osmPrice(gem, BigInt(Math.round(usd * 1e8)))
  const trigger = (price * BigInt(Math.round(share * 1e6))) / 1_000_000n
  return (debt * mat * WAD) / (trigger * RAY)
}

/** Vaults of every kind, from a seed: most with an owner, some without; triggers from 25 % of spot up to just below. */
export const planVaults = ({
  count,
  seed,
  ilks,
}: {
  readonly count: number
  readonly seed: number
  readonly ilks: readonly IlkName[]
}): readonly DssPlan[] => {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, i): DssPlan => {
    const ilk = ilks[i % ilks.length] ?? 'ETH-A'
    const dollars = Number(termsOf(ilk).dust / 10n ** 45n) * 1.01 * 200 ** random()
    const art = BigInt(Math.round(dollars * 1e9)) * 10n ** 9n + BigInt(Math.floor(random() * 1e9))
    // in every hundredth case nothing is owed
    const owing = random() < 0.01 ? 0n : art
    const ink = inkFor(ilk, art, 0.25 + 0.745 * random()) + BigInt(Math.floor(random() * 1e9))
    const owner =
      random() < 0.15
        ? null
        : getAddress(`0x${(0xa11ce000 + Math.floor(random() * count)).toString(16).padStart(40, '0')}`)
    return { ilk, ink, art: owing, owner }
  })
}
