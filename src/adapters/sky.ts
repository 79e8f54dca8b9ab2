import { z } from 'zod'
import { osmPeek } from '../../abis/sky.ts'
import { MAKER } from '../core/cascade/rules.ts'
import type { Leg, Position } from '../core/position.ts'
import { RAY, toNumber, unitOf, WAD } from '../core/units.ts'
import type { Adapter } from './adapter.ts'
import { address } from './fields.ts'
import { ilkTopics, keyOf, readAccounts, type SkyAccount, urnOfVault } from './sky-accounts.ts'
import { skyDeployments } from './sky-deployments.ts'
import { daiOf, type Ilk, nameOf, readMarkets, type SkyDeployment, type SkyMarkets } from './sky-markets.ts'
import { GIVE_TOPIC, givenVault, VAULT_TOPICS, vaultNote } from './sky-notes.ts'
import { marketPrice, type Oracle } from './sky-oracles.ts'
import { isUnsafe, refusalOf, spotOf } from './sky-rules.ts'
import { barkVerdict } from './sky-verdict.ts'

const deploymentSchema = z.strictObject({
  vat: address,
  spotter: address,
  dog: address,
  jug: address,
  registry: address,
  manager: address.optional(),
  engines: z.array(address).default([]),
  dai: address,
  fromBlock: z.number().int().nonnegative(),
})

/** What is known of the ilk of an account; null where a later market has no debt in it any more. */
const ilkOf = ({ ilks, oracles }: SkyMarkets, { ilk }: SkyAccount) => {
  const found = ilks[ilk]
  return found ? { ilk: found, oracle: found.pip === null ? null : (oracles[found.pip] ?? null) } : null
}

const usdText = (price: bigint): string => toNumber(price, 18).toFixed(2)

/** An hour of the clock, UTC, like 2026-05-08T14:00Z. */
const hourText = (seconds: bigint): string =>
  `${new Date(Number(seconds) * 1000).toISOString().slice(0, 16)}Z`

const describeOracle = ({ symbol, now, next, nextFrom, hop, stopped, market }: Oracle): string => {
  const counted = now === null ? 'no price now' : `${usdText(now)} USD now`
  const then = next === null || nextFrom === null ? '' : `, ${usdText(next)} from ${hourText(nextFrom)} on`
  const outside =
    market === null
      ? 'no market price is known, so its latest stands for it'
      : `the market says ${usdText(market)}`
  const follows = stopped
    ? ' The oracle is stopped: it follows nothing'
    : hop === null
      ? ''
      : ` Liquidations follow the market up to ${Number(2n * hop) / 3600} hours later`
  return `${symbol}: the oracle counts ${counted}${then}; ${outside}.${follows}`
}

/** The two prices between which a vault may be unsafe already: the oracle's, and the market's that it is to follow. */
const unsafeAt = (markets: SkyMarkets, account: SkyAccount) => {
  const known = ilkOf(markets, account)
  const counted = known?.oracle?.now ?? null
  if (!known?.oracle || !markets.live || counted === null) return { now: false, soon: false }
  const { ilk, oracle } = known
  const at = (price: bigint) => isUnsafe(account, spotOf(price, { ...ilk, par: markets.par }), ilk.rate)
  return { now: at(counted), soon: at(marketPrice(oracle) ?? counted) }
}

const blockedReason = (markets: SkyMarkets, ilk: Ilk, account: SkyAccount): string | null => {
  if (!markets.live) return 'the protocol is shut down'
  if (ilk.stopped) return `auctions of ${ilk.name} are stopped`
  const refusal = refusalOf(account, ilk.rate, ilk)
  if (refusal !== null) return refusal
  const { now, soon } = unsafeAt(markets, account)
  return soon && !now ? 'its oracle has not followed the market yet' : null
}

const unpricedReason = (known: ReturnType<typeof ilkOf>): string | null => {
  if (known === null) return 'its collateral type has no auctions any more'
  return known.oracle?.now == null ? `the oracle of ${known.ilk.name} has no price` : null
}

const collateralLegs = (ilk: Ilk, { ink }: SkyAccount, price: bigint): readonly Leg[] => {
  // the Vat counts with 18 decimals whatever the token has
  const amount = ink / unitOf(18 - ilk.decimals)
  if (amount === 0n) return []
  return [
    {
      asset: ilk.gem,
      pricedAs: ilk.pip ?? ilk.gem,
      symbol: ilk.symbol,
      decimals: ilk.decimals,
      amount,
      usd: (ink * price) / WAD,
      threshold: (WAD * RAY) / ilk.mat,
      bonus: ilk.chop > WAD ? ilk.chop - WAD : 0n,
    },
  ]
}

const debtLeg = ({ dai, par }: SkyMarkets, amount: bigint): Leg => ({
  asset: dai,
  pricedAs: dai,
  symbol: 'DAI',
  decimals: 18,
  amount,
  usd: (amount * par) / RAY,
  threshold: WAD,
  bonus: null,
})

/** Maker, now Sky: vaults in one Vat, each of one collateral type, priced by oracles that are an hour late. */
export const sky: Adapter<SkyDeployment, SkyMarkets, SkyAccount> = {
  name: 'sky',
  deployments: skyDeployments,
  checkedAgainst: 'stand-in',

  parseDeployment: (input) => {
    const { manager = null, fromBlock, ...rest } = deploymentSchema.parse(input)
    return { ...rest, manager, fromBlock: BigInt(fromBlock) }
  },

  markets: readMarkets,

  async *touched({ logs }, markets, { from, to, known }) {
    const { vat, manager } = markets
    for await (const log of logs({ address: [vat], topics: [VAULT_TOPICS, ilkTopics(markets)] }, from, to)) {
      const note = vaultNote(log)
      if (note === null) continue
      const keys = note.urns.map((urn) => keyOf(nameOf(note.ilk), urn))
      yield* keys.filter((key) => note.debt || known?.(key))
    }
    if (known === null || manager === null) return
    for await (const log of logs({ address: [manager], topics: [[GIVE_TOPIC]] }, from, to)) {
      const urn = urnOfVault(manager, givenVault(log))
      yield* Object.keys(markets.ilks)
        .map((ilk) => keyOf(ilk, urn))
        .filter((key) => known(key))
    }
  },

  read: readAccounts,

  hasDebt: ({ art }) => art > 0n,

  position: (markets, key, account): Position => {
    const known = ilkOf(markets, account)
    const unpriced = unpricedReason(known)
    const { rate = RAY } = known?.ilk ?? {}
    const owed = daiOf(account.art, rate)
    const { now, soon } = unsafeAt(markets, account)
    const price = known?.oracle ? (marketPrice(known.oracle) ?? 0n) : 0n
    const spot =
      known?.oracle?.now == null ? null : spotOf(known.oracle.now, { ...known.ilk, par: markets.par })
    return {
      id: key,
      owner: account.owner,
      collateral: known ? collateralLegs(known.ilk, account, price) : [],
      debt: owed > 0n ? [debtLeg(markets, owed)] : [],
      healthFactor:
        spot === null || account.art === 0n ? null : (account.ink * spot * WAD) / (account.art * rate),
      // where the market is below it already, the oracle is to follow within two hours, and nothing else is asked
      liquidatable: unpriced === null && (now || soon),
      range: null,
      unpriced,
      blocked: known && blockedReason(markets, known.ilk, account),
    }
  },

  isLiquidatable: (markets, account) => {
    const known = ilkOf(markets, account)
    if (!known || !markets.live) return () => false
    const { ilk } = known
    const { now, soon } = unsafeAt(markets, account)
    // the oracle has it unsafe though the market does not: no price of the market undoes that before an hour is over
    if (now && !soon) return () => true
    const terms = { mat: ilk.mat, par: markets.par }
    return (priceOf) => isUnsafe(account, spotOf(priceOf(ilk.pip ?? ilk.gem), terms), ilk.rate)
  },

  phase: () => null,

  liquidationRule: ({ oracles }) => {
    const hops = Object.values(oracles).map(({ hop }) => Number(hop ?? 0n))
    return { ...MAKER, lagSeconds: hops.length === 0 ? MAKER.lagSeconds : Math.max(...hops) }
  },

  prices: ({ oracles, dai, par }) => [
    ...Object.values(oracles).map((oracle) => ({
      asset: oracle.pip,
      symbol: oracle.symbol,
      price: marketPrice(oracle),
      decimals: 18,
      // what the Spotter asks; its own answer is an hour old and follows no feed of a driver
      ask: { to: oracle.pip, data: osmPeek },
      feeds: [],
      token: oracle.gem,
    })),
    // the protocol counts its own debt at its target price
    { asset: dai, symbol: 'DAI', price: par, decimals: 27, ask: null, feeds: [] },
  ],

  totals: ({ ilks, par }) =>
    Object.values(ilks).map(({ name, debt, rate }) => ({
      asset: name,
      symbol: name,
      total: debt,
      usd: (daiOf(debt, rate) * par) / RAY,
    })),

  debts: (_, { ilk, art }) => ({ [ilk]: art }),

  verdict: barkVerdict,

  remarks: ({ live, ilks, oracles, elsewhere }) => {
    const owing = Object.values(ilks).filter(({ debt }) => debt > 0n)
    const stopped = owing.filter((ilk) => ilk.stopped).map(({ name }) => name)
    const full = owing.filter(({ room }) => room <= 0n).map(({ name }) => name)
    return {
      notes: [
        ...(live ? [] : ['the protocol is shut down: no vault can be liquidated']),
        ...Object.values(oracles).map(describeOracle),
        ...(stopped.length > 0 ? [`auctions are stopped: ${stopped.join(', ')}`] : []),
        ...(full.length > 0 ? [`no more may be put up for auction now: ${full.join(', ')}`] : []),
        ...(elsewhere.debt > 0n
          ? [
              `${toNumber(elsewhere.debt, 18).toFixed(0)} DAI are owed to ${elsewhere.ilks} collateral types without auctions (PSM, allocators, …): no vaults of users`,
            ]
          : []),
      ],
      gaps: [],
    }
  },
}
