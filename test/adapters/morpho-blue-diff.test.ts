import { expect, test } from 'vitest'
import { buildDiff } from '../../src/diff.ts'
import { startAnvil } from '../chain/anvil.ts'
import {
  asMorphoUser,
  createMarket,
  deployFeedOracle,
  deployMorphoBlue,
  giveMorphoTokens,
  lltvOf,
  openMorphoPositions,
  readParams,
} from '../chain/morpho-blue.ts'
import { morphoConfig } from '../helpers/morpho-blue.ts'
import { memoryDatabase, scanLocal } from '../helpers/scanning.ts'

test('diff tells of a market whose last loan was repaid, though the later scan no longer reads it', async () => {
  const anvil = await startAnvil()
  try {
    const chain = await deployMorphoBlue(anvil)
    const { tokens, irm } = chain
    const oracle = await deployFeedOracle(chain, 'WETH', 'USDC', { base: 'ETH' })
    const params = { loanToken: tokens.USDC, collateralToken: tokens.WETH, oracle, irm }
    const busy = await createMarket(chain, { ...params, lltv: lltvOf(86) }, 10n ** 13n)
    const quiet = await createMarket(chain, { ...params, lltv: lltvOf(77) }, 10n ** 13n)
    const [stays = '', leaves] = await openMorphoPositions(chain, [
      { market: busy, collateral: 10n ** 18n, borrow: 10n ** 9n },
      { market: quiet, collateral: 2n * 10n ** 18n, borrow: 3n * 10n ** 9n },
    ])
    if (!leaves) throw new Error('no position was opened')
    const db = memoryDatabase()
    const config = morphoConfig(chain)
    await scanLocal(config, db)
    await chain.deployer.send('MorphoBlueNamedFeed', chain.feeds.ETH, 'set', [2900_00000000n])
    await giveMorphoTokens(chain, { to: leaves, token: tokens.USDC, amount: 10n ** 12n })
    const market = await readParams(chain, quiet)
    const [, shares = 0n] = await chain.deployer.read<readonly bigint[]>('Morpho', chain.morpho, 'position', [
      quiet,
      leaves,
    ])
    await asMorphoUser(chain, leaves, 'repay', [market, 0n, shares, leaves, '0x'])
    const later = await scanLocal(config, db)
    expect(later.coverage.notes).toContain('1 of 2 markets have no debt and are not priced')
    const options = { driver: 'ETH', from: 1, to: 2, entities: new Map(), minUsd: 0, limit: 10 }
    const { movers } = buildDiff(db, options)
    const mover = movers.find(({ owner }) => owner === leaves)
    const left = mover?.parts.find(({ part }) => part === 'left')
    expect(left?.debtUsd).toBeCloseTo(-3000, 1)
    expect(left?.collateralUsd).toBeLessThan(-5000)
    expect(movers.filter(({ owner }) => owner === stays).flatMap(({ causes }) => causes)).not.toContain(
      'left',
    )
  } finally {
    await anvil.stop()
  }
})
