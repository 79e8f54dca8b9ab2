import { type Address, createPublicClient, http, type PublicClient, parseAbi } from 'viem'
import type { Anvil } from './anvil.ts'
import { type AaveMarket, poolAbi, type ReserveSymbol } from './market.ts'

/** What the contracts themselves say, the truth against which tests hold ours; at the latest block unless told. */
export type Reader = {
  readonly client: PublicClient
  reserves(): Promise<readonly Address[]>
  revision(): Promise<bigint>
  /** The oracle's answer, USD with 8 decimals. */
  price(symbol: ReserveSymbol, blockNumber?: bigint): Promise<bigint>
  /** Collateral and debt in USD with 8 decimals, health factor 1e18. */
  account(user: Address, blockNumber?: bigint): Promise<AccountData>
  /** Bit 2·id is debt, bit 2·id + 1 is collateral. */
  configuration(user: Address): Promise<bigint>
  eMode(user: Address): Promise<bigint>
  balance(token: Address, user: Address): Promise<bigint>
}

type AccountData = {
  readonly collateral: bigint
  readonly debt: bigint
  readonly healthFactor: bigint
}

const oracleAbi = parseAbi(['function getAssetPrice(address asset) view returns (uint256)'])
const tokenAbi = parseAbi(['function balanceOf(address account) view returns (uint256)'])

/** Reads a market through plain calls of its own getters. */
export const createReader = ({ url }: Pick<Anvil, 'url'>, market: AaveMarket): Reader => {
  const client = createPublicClient({ transport: http(url) })
  const pool = { address: market.pool, abi: poolAbi } as const
  return {
    client,
    reserves: () => client.readContract({ ...pool, functionName: 'getReservesList' }),
    revision: () => client.readContract({ ...pool, functionName: 'POOL_REVISION' }),
    price: (symbol, blockNumber) => {
      const oracle = { address: market.oracle, abi: oracleAbi } as const
      const args = [market.reserves[symbol].asset] as const
      return client.readContract({ ...oracle, functionName: 'getAssetPrice', args, blockNumber })
    },
    account: async (user, blockNumber) => {
      const read = { ...pool, functionName: 'getUserAccountData', args: [user] } as const
      const [collateral, debt, , , , healthFactor] = await client.readContract({ ...read, blockNumber })
      return { collateral, debt, healthFactor }
    },
    configuration: async (user) => {
      const read = { ...pool, functionName: 'getUserConfiguration', args: [user] } as const
      return (await client.readContract(read)).data
    },
    eMode: (user) => client.readContract({ ...pool, functionName: 'getUserEMode', args: [user] }),
    balance: (token, user) =>
      client.readContract({ address: token, abi: tokenAbi, functionName: 'balanceOf', args: [user] }),
  }
}
