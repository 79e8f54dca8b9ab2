import { type Address, zeroAddress } from 'viem'
import { eulerEvcAbi, eulerShareAbi, eulerVaultAbi } from '../../abis/euler-v2.ts'
import type { Context } from './adapter.ts'
import type { EulerV2Deployment, EulerV2Markets } from './euler-v2-markets.ts'

/**
 * What the chain stores of one sub-account at the vault that controls it. Its key is `vault:sub-account`. Of one that owes
 * nothing there, nothing is kept.
 */
export type EulerV2Account = {
  readonly vault: Address
  /** Of all 256 sub-accounts; null while nothing is owed, or where the EVC knows none. */
  readonly owner: Address | null
  /** Units of debt with interest up to `accumulator`, which was the vault's when it was read. */
  readonly owed: bigint
  readonly accumulator: bigint
  /** The vault's asset; a later scan may find the vault without debt and know no more of it. */
  readonly asset: Address | null
  /** Unix seconds of its last status check, from which a cool-off counts. */
  readonly checked: bigint
  /** Shares of what it enabled and its vault lists; null where one tells no balance. */
  readonly collateral: Readonly<Record<Address, bigint | null>>
}

export const keyOf = (vault: Address, account: Address): string => `${vault}:${account}`

export const partsOf = (key: string): readonly [vault: Address, account: Address] => {
  const [vault = '', account = ''] = key.split(':')
  return [vault as Address, account as Address]
}

/** The stored state of accounts: nothing is asked of one whose vault has no debt at all, or is none of Euler's. */
export const readAccounts = (
  { read, tryRead }: Context<EulerV2Deployment>,
  { evc, vaults }: EulerV2Markets,
  keys: readonly string[],
): Promise<readonly EulerV2Account[]> =>
  Promise.all(
    keys.map(async (key): Promise<EulerV2Account> => {
      const [address, account] = partsOf(key)
      const idle = {
        vault: address,
        owner: null,
        owed: 0n,
        accumulator: 0n,
        asset: null,
        checked: 0n,
        collateral: {},
      }
      const vault = vaults[address]
      if (!vault) return idle
      const args = [account] as const
      const owed = await read({ address, abi: eulerVaultAbi, functionName: 'debtOfExact', args })
      if (owed === 0n) return idle
      const connector = { address: evc, abi: eulerEvcAbi, args } as const
      const [enabled, owner, checked] = await Promise.all([
        read({ ...connector, functionName: 'getCollaterals' }),
        read({ ...connector, functionName: 'getAccountOwner' }),
        read({ ...connector, functionName: 'getLastAccountStatusCheckTimestamp' }),
      ])
      const listed = enabled.filter((collateral) => vault.collaterals[collateral] !== undefined)
      const balances = await Promise.all(
        listed.map((collateral) =>
          tryRead({ address: collateral, abi: eulerShareAbi, functionName: 'balanceOf', args }),
        ),
      )
      return {
        vault: address,
        owner: owner === zeroAddress ? null : owner,
        owed,
        accumulator: vault.accumulator,
        asset: vault.asset,
        checked,
        collateral: Object.fromEntries(
          listed
            .map((collateral, i) => [collateral, balances[i] ?? null] as const)
            .filter(([, balance]) => balance !== 0n)
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        ),
      }
    }),
  )
