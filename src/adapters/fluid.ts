import { decodeFunctionResult, encodeFunctionData, zeroAddress } from 'viem'
import { z } from 'zod'
import { fluidOracleAbi } from '../../abis/fluid.ts'
import { type LiquidationRule, WHOLE_POSITION } from '../core/cascade/rules.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Leg, Position } from '../core/position.ts'
import { unitOf, WAD } from '../core/units.ts'
import type { Adapter, PricedAsset } from './adapter.ts'
import { address } from './fields.ts'
import { type FluidAccount, readAccount } from './fluid-accounts.ts'
import { fluidDeployments } from './fluid-deployments.ts'
import { type FluidDeployment, type FluidMarkets, type FluidVault, readMarkets } from './fluid-markets.ts'
import { EXCHANGE_PRECISION, isAbove, liquidationTick, PRICE_UNIT } from './fluid-rules.ts'
import { ratioAtTick } from './fluid-ticks.ts'

const deploymentSchema = z.strictObject({
  factory: address,
  native: address,
  fromBlock: z.number().int().nonnegative().default(0),
})

/** A liquidation takes of every position above the limit as much as brings it back there. */
const RULE: LiquidationRule = { ...WHOLE_POSITION, name: 'Fluid vault', targetHealthFactor: 1 }

/** @throws InvalidDataError where the factory lists no such vault. */
const vaultOf = ({ vaults }: FluidMarkets, { vault }: FluidAccount): FluidVault => {
  const found = vaults[vault]
  if (!found) throw new InvalidDataError(`the factory lists no vault ${vault}: check the deployment`)
  return found
}

const decimalsOf = ({ tokens }: FluidMarkets, token: string): number | null =>
  tokens[token as keyof typeof tokens]?.decimals ?? null

const symbolOf = ({ tokens }: FluidMarkets, token: string): string =>
  tokens[token as keyof typeof tokens]?.symbol ?? `${token.slice(0, 8)}…`

const isSmart = ({ smart }: FluidVault): boolean => smart.supply || smart.borrow

const nameOf = (markets: FluidMarkets, vault: FluidVault): string => {
  const side = (token: string, share: boolean) => (share ? 'DEX share' : symbolOf(markets, token))
  const { smart, supply, borrow, id } = vault
  return `vault ${id} (${side(supply, smart.supply)}/${side(borrow, smart.borrow)})`
}

/** Decimals of the oracle's price as whole debt tokens for one whole collateral token; null where none make sense. */
const priceDecimals = (markets: FluidMarkets, { supply, borrow }: FluidVault): number | null => {
  const [collateral, debt] = [decimalsOf(markets, supply), decimalsOf(markets, borrow)]
  if (collateral === null || debt === null) return null
  const decimals = 27 + debt - collateral
  return decimals >= 0 && decimals <= 63 ? decimals : null
}

const tokensOf = (raw: bigint, exchangePrice: bigint): bigint => (raw * exchangePrice) / EXCHANGE_PRECISION

/** Raw debt tokens in USD, WAD; 0 where nobody prices them. */
const debtUsd = (markets: FluidMarkets, { borrow }: FluidVault, amount: bigint): bigint => {
  const { price = null, decimals = 0 } = markets.usd[borrow] ?? {}
  return (amount * (price ?? 0n) * WAD) / unitOf((decimalsOf(markets, borrow) ?? 0) + decimals)
}

const unpricedReason = (markets: FluidMarkets, vault: FluidVault): string | null => {
  const name = nameOf(markets, vault)
  if (isSmart(vault)) return `${name} holds or lends shares of a Fluid DEX, whose prices are not read yet`
  if (vault.price === null || liquidationTick(vault, vault.price) === null)
    return `the oracle of ${name} refuses to price it`
  if (priceDecimals(markets, vault) === null) return `a token of ${name} does not tell its decimals`
  if ((markets.usd[vault.borrow]?.price ?? null) === null)
    return `nobody prices ${symbolOf(markets, vault.borrow)} in USD: name it in chains.<chain>.usd.prices`
  return null
}

const legsOf = (
  markets: FluidMarkets,
  vault: FluidVault,
  account: FluidAccount,
): Pick<Position, 'collateral' | 'debt'> => {
  const supplied = tokensOf(account.supply, vault.supplyExchangePrice)
  const owed = tokensOf(account.debt, vault.borrowExchangePrice)
  const side = (token: string, share: boolean, amount: bigint) => ({
    asset: token,
    symbol: share ? 'DEX share' : symbolOf(markets, token),
    decimals: decimalsOf(markets, token) ?? 18,
    amount,
  })
  const collateral: Leg = {
    ...side(vault.supply, vault.smart.supply, supplied),
    pricedAs: vault.vault,
    usd: isSmart(vault) ? 0n : debtUsd(markets, vault, (supplied * (vault.price ?? 0n)) / PRICE_UNIT),
    threshold: vault.threshold * 10n ** 15n,
    bonus: vault.penalty * 10n ** 14n,
  }
  const debt: Leg = {
    ...side(vault.borrow, vault.smart.borrow, owed),
    pricedAs: vault.smart.borrow ? vault.vault : vault.borrow,
    usd: vault.smart.borrow ? 0n : debtUsd(markets, vault, owed),
    threshold: WAD,
    bonus: null,
  }
  return {
    collateral: supplied > 0n ? [collateral] : [],
    debt: owed > 0n ? [debt] : [],
  }
}

/** The tick's own health, WAD: the limit's ratio over the position's; below 1 where it lies above the limit. */
const healthOf = (vault: FluidVault, { standing }: FluidAccount): bigint | null => {
  if (standing === null || vault.price === null) return null
  const limit = liquidationTick(vault, vault.price)
  return limit === null ? null : (ratioAtTick(limit) * WAD) / ratioAtTick(standing.tick)
}

/** Fluid vaults: positions stand on ticks of debt per collateral, and everything above the limit's tick is liquidated. */
export const fluid: Adapter<FluidDeployment, FluidMarkets, FluidAccount> = {
  name: 'fluid',
  deployments: fluidDeployments,
  checkedAgainst: 'stand-in',
  // a liquidation changes positions that no log names
  silent: true,

  parseDeployment: (input) => {
    const { factory, native, fromBlock } = deploymentSchema.parse(input)
    return { factory, native, fromBlock: BigInt(fromBlock) }
  },

  markets: readMarkets,

  // an NFT is never burnt: their ids are 1 to their number
  async *touched(_, { minted }) {
    for (let id = 1; id <= minted; id++) yield String(id)
  },

  read: (context, markets, keys) => Promise.all(keys.map((key) => readAccount(context, markets, key))),

  hasDebt: ({ debt }) => debt > 0n,

  position: (markets, key, account): Position => {
    const vault = vaultOf(markets, account)
    const unpriced = unpricedReason(markets, vault)
    const limit = vault.price === null ? null : liquidationTick(vault, vault.price)
    return {
      id: key,
      owner: account.owner === zeroAddress ? null : account.owner,
      ...legsOf(markets, vault, account),
      healthFactor: unpriced === null ? healthOf(vault, account) : null,
      liquidatable: unpriced === null && account.standing !== null && isAbove(account.standing, limit),
      range: null,
      unpriced,
      blocked: null,
    }
  },

  isLiquidatable: (markets, account) => {
    const vault = vaultOf(markets, account)
    const { standing } = account
    return (priceOf) => standing !== null && isAbove(standing, liquidationTick(vault, priceOf(vault.vault)))
  },

  phase: () => null,

  liquidationRule: () => RULE,

  prices: (markets) => [
    ...Object.values(markets.vaults).map((vault): PricedAsset => {
      const decimals = priceDecimals(markets, vault)
      const symbol = nameOf(markets, vault)
      // it stands here to say that nobody knows the price
      if (vault.oracle === null)
        return { asset: vault.vault, symbol, price: null, decimals: 27, ask: null, feeds: [] }
      return {
        asset: vault.vault,
        symbol,
        price: decimals === null || vault.price === 0n ? null : vault.price,
        decimals: decimals ?? 27,
        ask: {
          to: vault.oracle,
          data: encodeFunctionData({ abi: fluidOracleAbi, functionName: 'getExchangeRateLiquidate' }),
        },
        feeds: [vault.oracle],
        token: vault.supply,
        quote: vault.borrow,
      }
    }),
    ...Object.entries(markets.usd).map(([token, usd]) => ({
      ...usd,
      asset: token,
      symbol: symbolOf(markets, token),
    })),
  ],

  // of those that were liquidated the vault keeps 0.01 % of the debt, and every amount is cut to 56 bits
  totals: (markets) =>
    Object.values(markets.vaults)
      .filter(({ totalBorrow }) => totalBorrow > 0n)
      .map((vault) => ({
        asset: vault.vault,
        symbol: nameOf(markets, vault),
        total: vault.totalBorrow,
        tolerance: vault.totalBorrow / 10_000n + BigInt(markets.minted),
        usd:
          vault.smart.borrow || (markets.usd[vault.borrow]?.price ?? null) === null
            ? null
            : debtUsd(markets, vault, tokensOf(vault.totalBorrow, vault.borrowExchangePrice)),
      })),

  debts: (_, { vault, counted }) => ({ [vault]: counted }),

  // no function of a vault speaks of one position: its oracle is asked, and the vault's rule applied to the answer
  verdict: (markets, _key, _priceOf, account) => {
    const vault = account && vaultOf(markets, account)
    return {
      to: vault?.oracle ?? zeroAddress,
      data: encodeFunctionData({ abi: fluidOracleAbi, functionName: 'getExchangeRateLiquidate' }),
      isLiquidatable: ({ success, data }) => {
        if (!vault || !account?.standing || !success || data.length < 66) return null
        const price = decodeFunctionResult({
          abi: fluidOracleAbi,
          functionName: 'getExchangeRateLiquidate',
          data,
        })
        return isAbove(account.standing, liquidationTick(vault, price))
      },
    }
  },

  remarks: (markets) => {
    const smart = Object.values(markets.vaults).filter(
      (vault) => isSmart(vault) && vault.totalBorrow > 0n,
    ).length
    return {
      notes: [
        'a liquidation takes of all positions above the limit at once, as much as brings them back to it',
      ],
      gaps:
        smart === 0
          ? []
          : [
              `${smart} vaults hold or lend shares of a Fluid DEX: their positions are listed, their prices are not read yet`,
            ],
    }
  },
}
