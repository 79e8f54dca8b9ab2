import {
  type Address,
  encodeAbiParameters,
  getAddress,
  type Hex,
  hexToBigInt,
  keccak256,
  numberToHex,
} from 'viem'
import {
  compoundComptrollerAbi,
  cTokenAbi,
  vaiControllerAbi,
  venusComptrollerAbi,
} from '../../abis/compound-v2.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Context } from './adapter.ts'
import type { CompoundDeployment, CompoundMarkets } from './compound-v2-markets.ts'
import { borrowBalance, type VaiDebt } from './compound-v2-rules.ts'

/** What one market stores of an account: cTokens, and the debt with the index up to which interest is in it. */
export type Holding = { readonly tokens: bigint; readonly principal: bigint; readonly index: bigint }

/** What the chain stores of one account. */
export type CompoundAccount = {
  /** The Venus pool that it has chosen; 0, the core pool, everywhere else. */
  readonly pool: string
  /** By cToken, of every market that it has entered, empty ones too: their price is asked as well. */
  readonly entered: Readonly<Record<Address, Holding>>
  /** null where it owes no VAI. */
  readonly vai: VaiDebt | null
  /** Debts (vTokens, the VAI controller) for which the governance lets this account be liquidated at any price. */
  readonly forced: readonly Address[]
}

/**
 * The slots of `accountBorrows`, which has no getter: 16 in CTokenStorage since 2019 and in both forks, 17 in the first
 * cTokens; the others cost nothing while the first ones fit. Sources: the headers of abis/compound-v2.ts.
 */
const BORROW_SLOTS = [16, 17, 15, 18]

type Chain = Context<CompoundDeployment>

/** The stored state of accounts, in the order of the keys. */
export const readAccounts = async (
  chain: Chain,
  markets: CompoundMarkets,
  keys: readonly Address[],
): Promise<readonly CompoundAccount[]> => {
  const read = await Promise.all(keys.map((key) => readBalances(chain, markets, key)))
  const debts = read.flatMap(({ account, balances }) =>
    balances
      .filter(({ borrowed }) => borrowed > 0n)
      .map(({ cToken, borrowed }) => ({ account, cToken, borrowed })),
  )
  const principals = await readPrincipals(chain, markets, debts)
  return read.map(({ account, balances, pool, vai, forced }) => ({
    pool,
    entered: Object.fromEntries(
      balances.map(({ cToken, tokens }) => [
        cToken,
        { tokens, ...(principals.get(`${cToken}:${account}`) ?? { principal: 0n, index: 0n }) },
      ]),
    ),
    vai,
    forced,
  }))
}

type Balance = { readonly cToken: Address; readonly tokens: bigint; readonly borrowed: bigint }

const readBalances = async (chain: Chain, markets: CompoundMarkets, account: Address) => {
  const { read } = chain
  const comptroller = { address: markets.comptroller, abi: compoundComptrollerAbi } as const
  const [assets, venus] = await Promise.all([
    read({ ...comptroller, functionName: 'getAssetsIn', args: [account] }),
    markets.variant === 'venus' ? readVenusAccount(chain, markets, account) : null,
  ])
  const cTokens = assets.map((asset) => getAddress(asset))
  const stranger = cTokens.find((cToken) => !markets.markets[cToken])
  if (stranger)
    throw new InvalidDataError(
      `${account} has entered ${stranger}, which getAllMarkets of ${markets.comptroller} does not list: report this`,
    )
  const balances = await Promise.all(
    cTokens.map(async (cToken): Promise<Balance> => {
      const snapshot = { address: cToken, abi: cTokenAbi, functionName: 'getAccountSnapshot' } as const
      const [code, tokens, borrowed] = await read({ ...snapshot, args: [account] })
      if (code !== 0n)
        throw new InvalidDataError(
          `${cToken} answers error ${code} to getAccountSnapshot(${account}), expected 0: report this`,
        )
      return { cToken, tokens, borrowed }
    }),
  )
  const owed = balances.filter(({ borrowed }) => borrowed > 0n).map(({ cToken }) => cToken)
  const debts = venus?.vai && markets.vai ? [...owed, markets.vai.controller] : owed
  const forced = venus === null ? [] : await readForced(chain, markets, { account, debts })
  return { account, balances, pool: venus?.pool ?? '0', vai: venus?.vai ?? null, forced }
}

const readVenusAccount = async (
  { read }: Chain,
  { comptroller, vai, pools }: CompoundMarkets,
  account: Address,
): Promise<{ readonly pool: string; readonly vai: VaiDebt | null }> => {
  const venus = { address: comptroller, abi: venusComptrollerAbi, args: [account] } as const
  const [pool, minted] = await Promise.all([
    pools === null ? 0n : read({ ...venus, functionName: 'userPoolId' }),
    vai === null ? 0n : read({ ...venus, functionName: 'mintedVAIs' }),
  ])
  if (vai === null || minted === 0n) return { pool: String(pool), vai: null }
  const controller = { address: vai.controller, abi: vaiControllerAbi, args: [account] } as const
  const [past, index] = await Promise.all([
    read({ ...controller, functionName: 'pastVAIInterest' }),
    read({ ...controller, functionName: 'getVAIMinterInterestIndex' }),
  ])
  return { pool: String(pool), vai: { minted, past, index } }
}

const readForced = async (
  { read, tryRead }: Chain,
  { comptroller, pools }: CompoundMarkets,
  { account, debts }: { readonly account: Address; readonly debts: readonly Address[] },
): Promise<readonly Address[]> => {
  const flags = await Promise.all(
    debts.map((debt) =>
      // older comptrollers cannot force
      (pools === null ? tryRead : read)({
        address: comptroller,
        abi: venusComptrollerAbi,
        functionName: 'isForcedLiquidationEnabledForUser',
        args: [account, debt],
      }),
    ),
  )
  return debts.filter((_, i) => flags[i] === true)
}

type Debt = { readonly account: Address; readonly cToken: Address; readonly borrowed: bigint }
type Principal = { readonly principal: bigint; readonly index: bigint }

/**
 * Principal and index of every debt, from storage; each is held against the balance that the cToken itself gives, so
 * that no layout is trusted. Where storage cannot be read, or holds them elsewhere, the balance of the moment is the
 * principal: as exact now, and up to a unit low in later scans, as long as the account is not touched.
 */
const readPrincipals = async (
  chain: Chain,
  { markets }: CompoundMarkets,
  debts: readonly Debt[],
): Promise<ReadonlyMap<string, Principal>> => {
  const found = new Map<string, Principal>()
  let missing = debts
  for (const base of BORROW_SLOTS) {
    const byToken = byCToken(missing)
    if (byToken.size === 0) break
    const asked = [...byToken].map(([address, owed]) => ({
      address,
      slots: owed.flatMap(({ account }) => slotsOf(account, base)),
    }))
    const words = await chain.storage(asked)
    if (words === null) break
    const still: Debt[] = []
    for (const [i, owed] of [...byToken.values()].entries())
      for (const [j, debt] of owed.entries()) {
        const [principal = 0n, index = 0n] = (words[i] ?? [])
          .slice(2 * j, 2 * j + 2)
          .map((word) => hexToBigInt(word))
        const storedIndex = markets[debt.cToken]?.storedIndex ?? 0n
        if (index > 0n && borrowBalance({ principal, index }, storedIndex) === debt.borrowed)
          found.set(`${debt.cToken}:${debt.account}`, { principal, index })
        else still.push(debt)
      }
    missing = still
  }
  const balances = await Promise.all(missing.map((debt) => currentBalance(chain, markets, debt)))
  for (const [i, { account, cToken }] of missing.entries()) {
    const balance = balances[i]
    if (balance) found.set(`${cToken}:${account}`, balance)
  }
  return found
}

/** The balance with its interest booked, as a principal of this moment; as it is stored where no interest can be booked. */
const currentBalance = async (
  { tryRead }: Chain,
  markets: CompoundMarkets['markets'],
  { account, cToken, borrowed }: Debt,
): Promise<Principal> => {
  const market = markets[cToken]
  const balance = await tryRead({
    address: cToken,
    abi: cTokenAbi,
    functionName: 'borrowBalanceCurrent',
    args: [account],
  })
  return balance === null
    ? { principal: borrowed, index: market?.storedIndex ?? 0n }
    : { principal: balance, index: market?.borrowIndex ?? 0n }
}

const byCToken = (debts: readonly Debt[]): ReadonlyMap<Address, readonly Debt[]> => {
  const groups = new Map<Address, Debt[]>()
  for (const debt of debts) {
    const group = groups.get(debt.cToken)
    if (group) group.push(debt)
    else groups.set(debt.cToken, [debt])
  }
  return groups
}

/** Where `accountBorrows[account]` of the mapping at a slot holds principal and interestIndex. */
const slotsOf = (account: Address, base: number): readonly Hex[] => {
  const place = keccak256(
    encodeAbiParameters([{ type: 'address' }, { type: 'uint256' }], [account, BigInt(base)]),
  )
  return [place, numberToHex((hexToBigInt(place) + 1n) % 2n ** 256n, { size: 32 })]
}
