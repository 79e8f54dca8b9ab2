import type { Leg, Position } from '../core/position.ts'
import { unitOf, WAD } from '../core/units.ts'
import type { Adapter } from './adapter.ts'

/** Amounts and prices of imported files are held with these decimals; further digits are cut. */
export const IMPORT_DECIMALS = 18
export const IMPORT_PRICE_DECIMALS = 8

/** Prices of a file's assets, in 1e-8 USD, by symbol; one price an asset. */
export type ImportedMarkets = { readonly prices: Readonly<Record<string, bigint>> }

/** A row of an imported file. Amounts, threshold and range ends are WAD. */
export type ImportedAccount = {
  readonly owner: string | null
  readonly collateral: { readonly asset: string; readonly amount: bigint }
  readonly debt: { readonly asset: string; readonly amount: bigint }
  /** null where the position has a range instead of one price. */
  readonly threshold: bigint | null
  /** USD of the collateral asset, between which it is liquidated bit by bit. */
  readonly range: { readonly low: bigint; readonly high: bigint } | null
}

const unit = unitOf(IMPORT_DECIMALS)
const usdUnit = unitOf(IMPORT_PRICE_DECIMALS)

const usdOf = (amount: bigint, price: bigint): bigint => (amount * price * WAD) / (unit * usdUnit)

/** Positions recorded in a file: nothing is read from a chain, and liquidatable means debt > collateral · threshold. */
export const importAdapter: Adapter<never, ImportedMarkets, ImportedAccount> = {
  name: 'import',
  deployments: {},
  checkedAgainst: 'stand-in',
  parseDeployment: () => {
    throw new Error('imported sources are not read from a chain')
  },
  markets: () => Promise.reject(new Error('imported sources are not read from a chain')),
  async *touched() {},
  read: () => Promise.reject(new Error('imported sources are not read from a chain')),
  hasDebt: ({ debt }) => debt.amount > 0n,

  position: (markets, key, account): Position => {
    const { owner, collateral, debt, threshold, range } = account
    const priceOf = (asset: string) => markets.prices[asset] ?? 0n
    const leg = ({ asset, amount }: { asset: string; amount: bigint }, t: bigint): Leg => ({
      asset,
      pricedAs: asset,
      symbol: asset,
      decimals: IMPORT_DECIMALS,
      amount,
      usd: usdOf(amount, priceOf(asset)),
      threshold: t,
      bonus: null,
    })
    const weighted = collateral.amount * priceOf(collateral.asset) * (threshold ?? 0n)
    const owed = debt.amount * priceOf(debt.asset)
    return {
      id: key,
      owner,
      collateral: [leg(collateral, threshold ?? WAD)],
      debt: [leg(debt, WAD)],
      healthFactor: threshold === null ? null : weighted / owed,
      liquidatable: threshold !== null && weighted < owed * WAD,
      range: range && collateral.amount > 0n ? { ...range, asset: collateral.asset } : null,
      unpriced:
        threshold === null && (range === null || collateral.amount === 0n)
          ? 'the file gives neither a threshold nor collateral with a range'
          : null,
      blocked: null,
    }
  },

  isLiquidatable: (_, { collateral, debt, threshold }) => {
    if (threshold === null) return () => false
    return (priceOf) =>
      collateral.amount * priceOf(collateral.asset) * threshold < debt.amount * priceOf(debt.asset) * WAD
  },
  phase: () => null,
  prices: ({ prices }) =>
    Object.entries(prices).map(([asset, price]) => ({
      asset,
      symbol: asset,
      price,
      decimals: IMPORT_PRICE_DECIMALS,
      ask: null,
      feeds: [],
    })),
  totals: () => [],
  debts: () => ({}),
  verdict: () => ({
    to: '0x0000000000000000000000000000000000000000',
    data: '0x',
    isLiquidatable: () => false,
  }),
  remarks: () => ({ notes: [], gaps: [] }),
}
