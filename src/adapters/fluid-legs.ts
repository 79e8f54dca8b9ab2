import type { Leg, Position } from '../core/position.ts'
import { unitOf, WAD } from '../core/units.ts'
import type { FluidAccount } from './fluid-accounts.ts'
import { standsFor } from './fluid-dexes.ts'
import type { FluidMarkets, FluidVault } from './fluid-markets.ts'
import { EXCHANGE_PRECISION, liquidationTick, PRICE_UNIT } from './fluid-rules.ts'

/**
 * What the sides of a vault are and are worth. A debt is worth what its token costs; one in shares of a DEX, what the
 * two tokens cost that the DEX takes for them at the block, and these are its legs. Collateral is worth what the
 * vault's own oracle says it is in debt; against a debt in shares, where that tells nobody a price, what its tokens
 * cost, if somebody prices them all.
 */

type Side = 'supply' | 'borrow'

/** Of a share, whatever its tokens have. Source: contracts/oracle/implementations/dex/dexSmartColOracleImpl.sol. */
const SHARE_DECIMALS = 18

const tokenDecimals = ({ tokens }: FluidMarkets, token: string): number | null =>
  tokens[token as keyof typeof tokens]?.decimals ?? null

/** A token's name; the start of its address where it tells none. */
export const symbolOf = ({ tokens }: FluidMarkets, token: string): string =>
  tokens[token as keyof typeof tokens]?.symbol ?? `${token.slice(0, 8)}…`

/** Whether a side is shares of a DEX. */
export const isSmart = ({ smart }: FluidVault): boolean => smart.supply || smart.borrow

/** A side in words: a token, or the tokens of a share. */
const nameOfSide = (markets: FluidMarkets, vault: FluidVault, side: Side): string => {
  const address = vault[side]
  if (!vault.smart[side]) return symbolOf(markets, address)
  const dex = markets.dexes[address]
  return dex ? `${dex.tokens.map((token) => symbolOf(markets, token)).join('-')} share` : 'DEX share'
}

/** A vault in words: `vault 12 (WETH-wstETH share/USDC)`. */
export const nameOf = (markets: FluidMarkets, vault: FluidVault): string =>
  `vault ${vault.id} (${nameOfSide(markets, vault, 'supply')}/${nameOfSide(markets, vault, 'borrow')})`

const decimalsOf = (markets: FluidMarkets, vault: FluidVault, side: Side): number | null =>
  vault.smart[side] ? SHARE_DECIMALS : tokenDecimals(markets, vault[side])

/** Decimals of the oracle's price as whole units of debt for one of collateral; null where none make sense. */
export const priceDecimals = (markets: FluidMarkets, vault: FluidVault): number | null => {
  const [collateral, debt] = [decimalsOf(markets, vault, 'supply'), decimalsOf(markets, vault, 'borrow')]
  if (collateral === null || debt === null) return null
  const decimals = 27 + debt - collateral
  return decimals >= 0 && decimals <= 63 ? decimals : null
}

/** Raw units of a vault as raw tokens or shares. */
const actual = (raw: bigint, exchangePrice: bigint): bigint => (raw * exchangePrice) / EXCHANGE_PRECISION

type Amount = { readonly token: string; readonly amount: bigint }

/** The tokens of an amount: itself, or what the shares stand for; null where the DEX does not tell that. */
const tokensOf = (
  markets: FluidMarkets,
  vault: FluidVault,
  { side, amount }: { readonly side: Side; readonly amount: bigint },
): readonly Amount[] | null => {
  if (!vault.smart[side]) return [{ token: vault[side], amount }]
  const dex = markets.dexes[vault[side]]
  const amounts = dex && standsFor(dex, side, amount)
  return amounts ? dex.tokens.map((token, i) => ({ token, amount: amounts[i] ?? 0n })) : null
}

/** Raw tokens in USD, WAD; null where nobody prices them. */
const usdOf = (markets: FluidMarkets, { token, amount }: Amount): bigint | null => {
  const { price = null, decimals = 0 } = markets.usd[token as keyof typeof markets.usd] ?? {}
  const units = tokenDecimals(markets, token)
  return price === null || units === null ? null : (amount * price * WAD) / unitOf(units + decimals)
}

/** All of them together; null where one has no price. */
const usdOfAll = (markets: FluidMarkets, amounts: readonly Amount[] | null): bigint | null => {
  const values = amounts?.map((one) => usdOf(markets, one)) ?? [null]
  return values.some((value) => value === null)
    ? null
    : values.reduce<bigint>((n, usd) => n + (usd ?? 0n), 0n)
}

const debtUsd = (markets: FluidMarkets, vault: FluidVault, amount: bigint): bigint | null =>
  usdOfAll(markets, tokensOf(markets, vault, { side: 'borrow', amount }))

/** USD, WAD, of raw debt in the vault's own units; null where nobody prices it. */
export const rawDebtUsd = (markets: FluidMarkets, vault: FluidVault, raw: bigint): bigint | null =>
  debtUsd(markets, vault, actual(raw, vault.borrowExchangePrice))

/** Why positions of a vault have no price; null where they have one. */
export const unpricedReason = (markets: FluidMarkets, vault: FluidVault): string | null => {
  const name = nameOf(markets, vault)
  if (vault.oracle === null) return `${name} has no oracle`
  if (vault.price === null || liquidationTick(vault, vault.price) === null)
    return `the oracle of ${name} refuses to price it`
  const owed = tokensOf(markets, vault, { side: 'borrow', amount: 1n })
  if (owed === null) return `the DEX of ${name} does not tell what its debt shares stand for`
  if (
    priceDecimals(markets, vault) === null ||
    owed.some(({ token }) => tokenDecimals(markets, token) === null)
  )
    return `a token of ${name} does not tell its decimals`
  const missing = owed.find((one) => usdOf(markets, one) === null)
  if (missing)
    return `nobody prices ${symbolOf(markets, missing.token)} in USD: name it in chains.<chain>.usd.prices`
  return null
}

/** What a position holds and owes. */
export const legsOf = (
  markets: FluidMarkets,
  vault: FluidVault,
  account: FluidAccount,
): Pick<Position, 'collateral' | 'debt'> => {
  const terms = {
    supply: { threshold: vault.threshold * 10n ** 15n, bonus: vault.penalty * 10n ** 14n },
    borrow: { threshold: WAD, bonus: null },
  }
  /** Priced by the vault's own oracle. */
  const whole = (side: Side, amount: bigint, usd: bigint): Leg => ({
    asset: vault[side],
    symbol: nameOfSide(markets, vault, side),
    decimals: decimalsOf(markets, vault, side) ?? SHARE_DECIMALS,
    amount,
    pricedAs: vault.vault,
    usd,
    ...terms[side],
  })
  const ofTokens = (side: Side, amounts: readonly Amount[]): readonly Leg[] =>
    amounts.map(({ token, amount }) => ({
      asset: token,
      symbol: symbolOf(markets, token),
      decimals: tokenDecimals(markets, token) ?? SHARE_DECIMALS,
      amount,
      pricedAs: token,
      usd: usdOf(markets, { token, amount }) ?? 0n,
      ...terms[side],
    }))
  const supplied = actual(account.supply, vault.supplyExchangePrice)
  const owed = actual(account.debt, vault.borrowExchangePrice)
  const held = vault.smart.borrow ? tokensOf(markets, vault, { side: 'supply', amount: supplied }) : null
  const inDebt = debtUsd(markets, vault, (supplied * (vault.price ?? 0n)) / PRICE_UNIT) ?? 0n
  const owing = tokensOf(markets, vault, { side: 'borrow', amount: owed })
  const collateral =
    held && usdOfAll(markets, held) !== null ? ofTokens('supply', held) : [whole('supply', supplied, inDebt)]
  const debt = owing ? ofTokens('borrow', owing) : [whole('borrow', owed, 0n)]
  return {
    collateral: collateral.filter(({ amount }) => amount > 0n),
    debt: debt.filter(({ amount }) => amount > 0n),
  }
}
