import fc from 'fast-check'
import { type Address, decodeFunctionData } from 'viem'
import { expect, test } from 'vitest'
import { feedStubAbi } from '../../abis/chainlink-feed.ts'
import { feedSetting, type RootFeed } from '../../src/engine/driver-setting.ts'

const at = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}`

/** What each feed is set to while the first one answers `answer`. */
const answersAt = (roots: readonly RootFeed[], answer: bigint): readonly bigint[] =>
  feedSetting(roots)
    .at(answer)
    .map(({ data }) => decodeFunctionData({ abi: feedStubAbi, data }).args[0])

const prices = fc.bigInt(1n, 10n ** 20n)

test('a feed that follows keeps its ratio to the first one, a feed in the driver its product, to the unit', () => {
  const cases = fc.record({ spot: prices, with: prices, against: prices, answer: prices })
  fc.assert(
    fc.property(cases, ({ spot, answer, ...others }) => {
      const first = { feed: at(1), answer: spot, decimals: 8 }
      const follower = { feed: at(2), answer: others.with, decimals: 8 }
      const pair = { feed: at(3), answer: others.against, decimals: 18, inverse: true } as const
      const [own = 0n, up = 0n, down = 0n] = answersAt([first, follower, pair], answer)
      expect(own).toBe(answer)
      expect(up * spot <= others.with * answer && (up + 1n) * spot > others.with * answer).toBe(true)
      const product = others.against * spot
      expect(down >= 1n && (down + 1n) * answer > product).toBe(true)
      expect(down === 1n || down * answer <= product).toBe(true)
    }),
  )
})

test('at its own price every feed answers what it answers now', () => {
  const roots: readonly RootFeed[] = [
    { feed: at(1), answer: 2000n * 10n ** 8n, decimals: 8 },
    { feed: at(2), answer: 2390n * 10n ** 8n, decimals: 8 },
    { feed: at(3), answer: 5n * 10n ** 14n, decimals: 18, inverse: true },
  ]
  expect(answersAt(roots, 2000n * 10n ** 8n)).toEqual(roots.map(({ answer }) => answer))
})
