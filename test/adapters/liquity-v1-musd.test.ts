import { type Address, encodeFunctionData, parseAbi, toHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { troveManagerV1Abi } from '../../abis/liquity-v1.ts'
import { isTaken, pendingShare, ratioOf, type Trove } from '../../src/adapters/liquity-v1-rules.ts'
import { WAD } from '../../src/core/units.ts'
import { type Anvil, startAnvil } from '../chain/anvil.ts'
import { ownerOf } from '../chain/liquity-v1.ts'
import { deployMusd, type Musd } from '../chain/musd.ts'
import { createRandom } from '../chain/random.ts'
import { sendTransaction } from '../chain/transaction.ts'

const abi = parseAbi([
  'function openTrove(uint256 debt, address upper, address lower) payable',
  'function liquidate(address borrower)',
])
const TROVES = 40
const MINIMUM = 11n * 10n ** 17n

/**
 * What a fork of Liquity V1 has kept of it: the list of owners, redistribution by stake, the ratio and the strict
 * minimum, the last trove. Its troves bear interest and it has no recovery mode, so that the adapter itself is not run on
 * it: Liquity's own contracts are on no registry (test/chain/sol/LiquityStandIn.sol stands for them).
 */
describe('the rules of Liquity V1 on the real contracts of a fork (Mezo mUSD 1.1.0)', () => {
  let anvil: Anvil
  let musd: Musd
  const owners: Address[] = []
  const gone: Address[] = []

  const read = <T>(functionName: string, args: readonly unknown[] = []): Promise<T> =>
    musd.deployer.read<T>('TroveManager', musd.at.TroveManager, functionName, args)
  const setPrice = (price: bigint) =>
    musd.deployer.send('MockAggregator', musd.at.MockAggregator, 'setPrice', [price])

  const troveOf = async (owner: Address): Promise<Trove> => {
    const [collateral, principal, interest] = await read<readonly [bigint, bigint, bigint]>(
      'getEntireDebtAndColl',
      [owner],
    )
    return { collateral, debt: principal + interest }
  }

  /** Whether `liquidate` takes it, with the price at an answer; the reason of its refusal otherwise. */
  const liquidateAt = async (owner: Address, price: bigint): Promise<true | string> => {
    const data = encodeFunctionData({ abi, functionName: 'liquidate', args: [owner] })
    // slot 1 of the package's MockAggregator
    const overrides = {
      [musd.at.MockAggregator]: {
        stateDiff: { [toHex(1, { size: 32 })]: toHex(price, { size: 32 }) },
      },
    }
    try {
      await anvil.rpc('eth_call', [{ from: musd.admin, to: musd.at.TroveManager, data }, 'latest', overrides])
      return true
    } catch (error) {
      return /TroveManager: [\w ]+\w/.exec(String(error))?.[0] ?? String(error)
    }
  }

  const open = async (owner: Address, debt: bigint, collateral: bigint): Promise<void> => {
    await anvil.rpc('anvil_setBalance', [owner, toHex(10n ** 24n)])
    const data = encodeFunctionData({ abi, functionName: 'openTrove', args: [debt, owner, owner] })
    await sendTransaction(anvil, {
      from: owner,
      to: musd.at.BorrowerOperations,
      value: toHex(collateral),
      data,
    })
  }

  beforeAll(async () => {
    anvil = await startAnvil()
    musd = await deployMusd(anvil)
    const random = createRandom(3)
    for (let i = 0; i < TROVES; i++) {
      const debt = BigInt(Math.floor(2000 * 100 ** random())) * WAD + BigInt(Math.floor(random() * 1e9))
      const ratio = BigInt(Math.floor((1.6 + random()) * 1e6))
      const collateral = (debt * ratio) / 50_000_000_000n + BigInt(Math.floor(random() * 1e9))
      const owner = ownerOf(i)
      await open(owner, debt, collateral)
      owners.push(owner)
    }
    // the two weakest fall, and an empty Stability Pool leaves their debt to all others
    await setPrice(32_000n * WAD)
    for (const owner of owners) {
      if (gone.length === 2 || (await liquidateAt(owner, 32_000n * WAD)) !== true) continue
      await musd.deployer.send('TroveManager', musd.at.TroveManager, 'liquidate', [owner])
      gone.push(owner)
    }
    await setPrice(50_000n * WAD)
  })
  afterAll(() => anvil?.stop())

  const left = () => owners.filter((owner) => !gone.includes(owner))

  test('the array of owners lists exactly the open troves, by the functions that are called', async () => {
    const ask = async (functionName: 'getTroveOwnersCount' | 'getTroveFromTroveOwnersArray', i = 0n) => {
      const args = functionName === 'getTroveOwnersCount' ? [] : [i]
      const data = encodeFunctionData({ abi: troveManagerV1Abi, functionName, args } as never)
      return BigInt(await anvil.rpc<string>('eth_call', [{ to: musd.at.TroveManager, data }, 'latest']))
    }
    const count = await ask('getTroveOwnersCount')
    const listed = await Promise.all(
      Array.from({ length: Number(count) }, (_, i) => ask('getTroveFromTroveOwnersArray', BigInt(i))),
    )
    expect(gone).toHaveLength(2)
    expect(listed.toSorted()).toEqual(left().map(BigInt).toSorted())
  })

  test('what was redistributed is stake · growth since the snapshot, to the wei', async () => {
    const growth = await read<bigint>('L_Collateral')
    const debtGrowth = await read<bigint>('L_Principal')
    expect(growth > 0n && debtGrowth > 0n).toBe(true)
    for (const owner of left()) {
      const stake = await read<bigint>('getTroveStake', [owner])
      const [collateral, principal] = await read<readonly [bigint, bigint]>('rewardSnapshots', [owner])
      const [own] = await read<readonly [bigint, bigint]>('Troves', [owner])
      const [whole, , , pending, pendingPrincipal] = await read<readonly bigint[]>('getEntireDebtAndColl', [
        owner,
      ])
      expect(pendingShare(stake, growth, collateral)).toBe(pending)
      expect(pendingShare(stake, debtGrowth, principal)).toBe(pendingPrincipal)
      expect(own + pendingShare(stake, growth, collateral)).toBe(whole)
    }
  })

  test('every trove has the ratio of the contract, and falls at the price of the rule, not one unit above', async () => {
    const system = {
      collateral: await read<bigint>('getEntireSystemColl'),
      debt: await read<bigint>('getEntireSystemDebt'),
      troves: BigInt(TROVES - 2),
      minimumRatio: MINIMUM,
      // this fork knows no recovery mode
      criticalRatio: 0n,
      pool: 0n,
    }
    const wrong: unknown[] = []
    for (const owner of left()) {
      const trove = await troveOf(owner)
      const edge = (MINIMUM * trove.debt + trove.collateral - 1n) / trove.collateral - 1n
      const rule = [isTaken(trove, system, edge), isTaken(trove, system, edge + 1n)]
      const contract = [await liquidateAt(owner, edge), await liquidateAt(owner, edge + 1n)]
      const ratio = await read<bigint>('getCurrentICR', [owner, edge])
      const right =
        ratio === ratioOf(trove, edge) &&
        rule.join() === 'true,false' &&
        contract.join() === 'true,TroveManager: nothing to liquidate'
      if (!right) wrong.push({ owner, rule, contract })
    }
    expect(wrong).toEqual([])
  })

  test('the last trove is refused, however low its price', async () => {
    await setPrice(1_000n * WAD)
    const [last = '0x', ...others] = left()
    for (const owner of others)
      await musd.deployer.send('TroveManager', musd.at.TroveManager, 'liquidate', [owner])
    expect(await liquidateAt(last, 1_000n * WAD)).toBe('TroveManager: nothing to liquidate')
  })
})
