import { getAddress } from 'viem'
import { aaveV3 } from '../../src/adapters/aave-v3.ts'
import type { AaveV3Account } from '../../src/adapters/aave-v3-accounts.ts'
import type { AaveV3Markets, EMode, Reserve } from '../../src/adapters/aave-v3-markets.ts'
import type { AnyAdapter } from '../../src/adapters/adapter.ts'
import { type DriverState, proportionalResponse } from '../../src/core/price-response.ts'
import { RAY, WAD } from '../../src/core/units.ts'
import { pricePositions } from '../../src/engine/pricing.ts'
import type { PositionRow } from '../../src/store/rows.ts'

const addressOf = (n: number) => getAddress(`0x${n.toString(16).padStart(40, '0')}`)

/** An Aave V3 market that stands on no chain; every reserve costs 1 USD, has 18 decimals and threshold 80% unless told. */
export const pureMarket = ({
  revision,
  reserves,
  eModes = {},
}: {
  readonly revision: number
  readonly reserves: readonly Partial<Reserve>[]
  readonly eModes?: Readonly<Record<string, EMode>>
}): AaveV3Markets => ({
  pool: addressOf(1),
  oracle: addressOf(2),
  revision,
  baseUnit: 10n ** 8n,
  timestamp: 1_700_000_000,
  eModes,
  reserves: Object.fromEntries(
    reserves.map((reserve, id) => [
      id,
      {
        id,
        asset: addressOf(100 + id),
        symbol: `R${id}`,
        decimals: 18,
        liquidationThreshold: 8000n,
        active: true,
        paused: false,
        graceUntil: 0,
        eModeCategory: 0,
        aToken: addressOf(200 + id),
        variableDebtToken: addressOf(300 + id),
        incomeIndex: RAY,
        debtIndex: RAY,
        price: 10n ** 8n,
        feeds: [],
        scaledDebtTotal: 0n,
        stableDebtTotal: 0n,
        ...reserve,
      },
    ]),
  ),
})

export const ACCOUNT = addressOf(0xacc)

/** The account's row when the reserves named here follow the driver one for one. */
export const priceAlone = (
  markets: AaveV3Markets,
  account: AaveV3Account,
  { spot, followers }: { readonly spot: bigint; readonly followers: readonly number[] },
): PositionRow => {
  const responses = followers.flatMap((id) => {
    const { asset, price } = markets.reserves[id] ?? {}
    return asset && price ? [[asset, proportionalResponse(price, spot, WAD, 'config')] as const] : []
  })
  const driver: DriverState = { symbol: 'ETH', spot, decimals: 8, responses: Object.fromEntries(responses) }
  const { ETH } = pricePositions({
    source: 'aave-v3/pure/market',
    adapter: aaveV3 as AnyAdapter,
    markets,
    accounts: new Map([[ACCOUNT, account]]),
    drivers: [driver],
  })
  const [row] = ETH ?? []
  if (!row) throw new Error('the account has no position')
  return row
}
