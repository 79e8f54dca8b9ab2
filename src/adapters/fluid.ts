import { decodeFunctionResult, encodeFunctionData, zeroAddress } from 'viem'
import { z } from 'zod'
import { fluidOracleAbi } from '../../abis/fluid.ts'
import { type LiquidationRule, WHOLE_POSITION } from '../core/cascade/rules.ts'
import { InvalidDataError } from '../core/errors.ts'
import type { Position } from '../core/position.ts'
import { WAD } from '../core/units.ts'
import type { Adapter, PricedAsset } from './adapter.ts'
import { address } from './fields.ts'
import { type FluidAccount, readAccount } from './fluid-accounts.ts'
import { fluidDeployments } from './fluid-deployments.ts'
import { isSmart, legsOf, nameOf, priceDecimals, rawDebtUsd, symbolOf, unpricedReason } from './fluid-legs.ts'
import { type FluidDeployment, type FluidMarkets, type FluidVault, readMarkets } from './fluid-markets.ts'
import { isAbove, liquidationTick } from './fluid-rules.ts'
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

/** The tick's own health, WAD: the limit's ratio over the position's; below 1 where it lies above the limit. */
const healthOf = (vault: FluidVault, { standing }: FluidAccount): bigint | null => {
  if (standing === null || vault.price === null) return null
  const limit = liquidationTick(vault, vault.price)
  return limit === null ? null : (ratioAtTick(limit) * WAD) / ratioAtTick(standing.tick)
}

/**
 * A vault's oracle as the engine asks for it. What is owed in shares has no price of its own: its exposure is that of
 * the DEX's first token, and only collateral whose tokens nobody prices is counted by it.
 */
const priceOfVault = (markets: FluidMarkets, vault: FluidVault): PricedAsset => {
  const [decimals, symbol] = [priceDecimals(markets, vault), nameOf(markets, vault)]
  // it stands here to say that nobody knows the price
  if (vault.oracle === null)
    return { asset: vault.vault, symbol, price: null, decimals: 27, ask: null, feeds: [] }
  const quote = vault.smart.borrow ? markets.dexes[vault.borrow]?.tokens[0] : vault.borrow
  return {
    asset: vault.vault,
    symbol,
    price: unpricedReason(markets, vault) === null ? vault.price : null,
    decimals: decimals ?? 27,
    ask: {
      to: vault.oracle,
      data: encodeFunctionData({ abi: fluidOracleAbi, functionName: 'getExchangeRateLiquidate' }),
    },
    feeds: [vault.oracle],
    ...(vault.feeds.length > 0 ? { pairFeeds: vault.feeds } : {}),
    token: vault.supply,
    ...(vault.smart.supply ? { parts: markets.dexes[vault.supply]?.tokens ?? [] } : {}),
    ...(quote === undefined ? {} : { quote }),
    ...(isSmart(vault) ? { rate: true } : {}),
  }
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
    ...Object.values(markets.vaults).map((vault) => priceOfVault(markets, vault)),
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
        usd: rawDebtUsd(markets, vault, vault.totalBorrow),
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
    const lent = Object.values(markets.vaults).filter(({ totalBorrow }) => totalBorrow > 0n)
    const paired = lent.filter(({ feeds }) => feeds.length > 0)
    return {
      notes: [
        'one liquidation takes a part of every position above the limit, as much as brings them back to it',
        ...(lent.some(({ smart }) => smart.borrow)
          ? ['what is owed in shares of a Fluid DEX is shown as the tokens that the DEX takes for them']
          : []),
        ...(paired.length > 0
          ? [
              `${paired.length} ${paired.length === 1 ? 'vault is' : 'vaults are'} priced by feeds of a pair, and moved only by a driver that these are known to follow: ${[...new Set(paired.flatMap(({ feeds }) => feeds))].join(', ')}`,
            ]
          : []),
      ],
      gaps: [],
    }
  },
}
