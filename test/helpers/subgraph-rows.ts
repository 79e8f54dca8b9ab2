import type { AaveV3Account } from '../../src/adapters/aave-v3-accounts.ts'
import type { AaveV3Markets } from '../../src/adapters/aave-v3-markets.ts'
import type { CompoundV3Account } from '../../src/adapters/compound-v3-accounts.ts'
import type { CompoundV3Markets } from '../../src/adapters/compound-v3-markets.ts'
import type { LiquityV2Account } from '../../src/adapters/liquity-v2-accounts.ts'
import type { Branch, LiquityV2Markets } from '../../src/adapters/liquity-v2-markets.ts'
import { entireDebt } from '../../src/adapters/liquity-v2-rules.ts'

/** Rows as published subgraphs would have them of accounts that the chain was asked about. */

export type UserReserveRow = {
  readonly id: string
  readonly user: { readonly id: string; readonly eModeCategoryId: { readonly id: string } | null }
  readonly reserve: { readonly underlyingAsset: string }
  readonly pool: Readonly<Record<string, string>>
  readonly usageAsCollateralEnabledOnUser: boolean
  readonly scaledATokenBalance: string
  readonly scaledVariableDebt: string
  readonly principalStableDebt: string
  readonly stableBorrowRate: string
  readonly stableBorrowLastUpdateTimestamp: number
}

const accountsOf = (accounts: ReadonlyMap<string, unknown>) =>
  [...accounts].map(([key, state]) => ({ user: key.toLowerCase(), state: state as AaveV3Account }))

/** The official schemas': one row of each account and reserve. */
export const officialRows = (
  accounts: ReadonlyMap<string, unknown>,
  given: unknown,
): readonly UserReserveRow[] => {
  const { pool, reserves, family } = given as AaveV3Markets
  return accountsOf(accounts).flatMap(({ user, state }) => {
    const { eMode, collateral, debt, stable = {} } = state
    const ids = [...new Set([...Object.keys(collateral), ...Object.keys(debt), ...Object.keys(stable)])]
    return ids.map((id) => {
      const asset = (reserves[id]?.asset ?? '').toLowerCase()
      return {
        id: `${user}${asset}`,
        user: { id: user, eModeCategoryId: eMode === 0 ? null : { id: String(eMode) } },
        reserve: { underlyingAsset: asset },
        pool: { [family === 'v2' ? 'lendingPool' : 'pool']: pool.toLowerCase() },
        usageAsCollateralEnabledOnUser: collateral[id] !== undefined,
        scaledATokenBalance: String(collateral[id] ?? 0n),
        scaledVariableDebt: String(debt[id] ?? 0n),
        principalStableDebt: String(stable[id]?.principal ?? 0n),
        stableBorrowRate: String(stable[id]?.rate ?? 0n),
        stableBorrowLastUpdateTimestamp: stable[id]?.since ?? 0,
      }
    })
  })
}

export type MessariRow = {
  readonly id: string
  readonly account: {
    readonly id: string
    readonly _eMode: boolean | null
    readonly _enabledCollaterals: readonly { readonly id: string }[] | null
  }
  readonly market: { readonly id: string }
  readonly side: string
  readonly type: string | null
  readonly balance: string
  readonly principal: string | null
  readonly liquidationCount: number
}

/** Messari's: one row of each side, its balance of the last event. */
export const messariRows = (
  accounts: ReadonlyMap<string, unknown>,
  given: unknown,
): readonly MessariRow[] => {
  const { reserves } = given as AaveV3Markets
  const RAY = 10n ** 27n
  return accountsOf(accounts).flatMap(({ user, state: { eMode, collateral, debt } }) => {
    const tokenOf = (id: string) => (reserves[id]?.aToken ?? '').toLowerCase()
    const account = {
      id: user,
      _eMode: eMode > 0 ? true : null,
      _enabledCollaterals: Object.keys(collateral).map((id) => ({ id: tokenOf(id) })),
    }
    const row = (side: 'COLLATERAL' | 'BORROWER', id: string, scaled: bigint) => {
      const { incomeIndex = RAY, debtIndex = RAY } = reserves[id] ?? {}
      const index = side === 'COLLATERAL' ? incomeIndex : debtIndex
      return {
        id: `${user}-${tokenOf(id)}-${side}-0`,
        account,
        market: { id: tokenOf(id) },
        side,
        type: side === 'BORROWER' ? 'VARIABLE' : null,
        balance: String((scaled * index) / RAY),
        principal: String(scaled),
        liquidationCount: 0,
      }
    }
    return [
      ...Object.entries(collateral).map(([id, scaled]) => row('COLLATERAL', id, scaled)),
      ...Object.entries(debt).map(([id, scaled]) => row('BORROWER', id, scaled)),
    ]
  })
}

/** The Compound community's: one row of each account, with a balance of every collateral of the Comet. */
export const cometBalances = (accounts: ReadonlyMap<string, unknown>, given: unknown) => {
  const { comet, assets } = given as CompoundV3Markets
  return [...accounts].map(([key, state]) => {
    const { debt, collateral } = state as CompoundV3Account
    return {
      id: `${comet}${key.slice(2)}`.toLowerCase(),
      account: { id: key.toLowerCase() },
      market: { id: comet.toLowerCase() },
      accounting: {
        basePrincipal: String(-debt),
        collateralBalances: Object.entries(assets).map(([offset, { asset }]) => ({
          balance: String(collateral[offset] ?? 0n),
          collateralToken: { token: { id: asset.toLowerCase() } },
        })),
      },
    }
  })
}

/** Liquity's own: one row of each trove; one in a batch as if its last event were now. */
export const troveRows = (accounts: ReadonlyMap<string, unknown>, given: unknown) => {
  const { branches, timestamp } = given as LiquityV2Markets
  return [...accounts].map(([key, state]) => {
    const account = state as LiquityV2Account
    const [index = '', id = ''] = key.split(':')
    const { troveManager, batches, shutdownTime } = branches[index] as Branch
    const batch = account.batch === null ? null : (batches[account.batch] ?? null)
    const debt = batch
      ? entireDebt({ ...account, redistributedDebt: 0n }, batch, { timestamp, shutdownTime })
      : account.recordedDebt
    return {
      id: key,
      troveId: `0x${BigInt(id).toString(16)}`,
      borrower: (account.owner ?? '').toLowerCase(),
      status: account.zombie ? 'redeemed' : 'active',
      debt: String(debt),
      deposit: String(account.collateral),
      interestRate: String(batch ? 0n : account.interestRate),
      updatedAt: String(batch ? timestamp : account.updatedAt),
      interestBatch: batch && {
        annualInterestRate: String(batch.interestRate),
        annualManagementFee: String(batch.managementFee),
      },
      collateral: {
        collIndex: Number(index),
        addresses: { troveManager: troveManager.toLowerCase() },
      },
    }
  })
}
