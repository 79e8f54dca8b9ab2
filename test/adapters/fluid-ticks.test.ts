import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ratioAtTick, tickAtRatio } from '../../src/adapters/fluid-ticks.ts'
import { toNumber } from '../../src/core/units.ts'

/**
 * Answers of Fluid's own TickMath (Instadapp/fluid-contracts-public at a9949b48), compiled with solc 0.8.21 on a local
 * chain. By hand it was asked for all 65,535 ticks and for 37,448 ratios on and beside ticks: all agree.
 */
const RATIOS: readonly (readonly [tick: number, ratio: bigint])[] = [
  [-32767, 37075071n],
  [-30001, 2342177163n],
  [-12345, 729217405874723170076n],
  [-1000, 17698071859945265842266881135n],
  [-255, 54061290455419092241264062540n],
  [-1, 79109498266864041531247079716n],
  [0, 79228162514264337593543950336n],
  [1, 79347004758035734099934266262n],
  [2, 79466025265172787701084167661n],
  [77, 88920728733257715222862183717n],
  [1023, 367117550367209279105877670730n],
  [4096, 36743933851015821532611831851151n],
  [9999, 255720135605257410097724163774416883n],
  [20000, 827850996029307794091642147568853089297519n],
  [32767, 169307877264527972847801929085841449095838922544595n],
]

const TICKS: readonly (readonly [ratio: bigint, tick: number])[] = [
  // for the library, its own ratio of tick −12345 still lies under that tick: a limit there is the tick below
  [729217405874723170076n, -12346],
  [729217405874723170075n, -12346],
  [88920728733257715222862183722n, 76],
  [88920728733257715222862183716n, 76],
  [79228162514264337593543950336n, 0],
  [79228162514264337593543950335n, -1],
  [79228162514264337593543950337n, 0],
  [37075072n, -32767],
  [1000000000000000000000000000n, -2918],
  [3000000000000000000000000000000000n, 7033],
  [700000000000000000000n, -12373],
]

describe('ticks are Fluid’s own, to the unit', () => {
  test.each(RATIOS)('the ratio at tick %i', (tick, ratio) => {
    expect(ratioAtTick(tick)).toBe(ratio)
  })

  test.each(TICKS)('the tick at ratio %s', (ratio, tick) => {
    expect(tickAtRatio(ratio)).toBe(tick)
  })

  test('a ratio with which the library refuses to work has no tick', () => {
    expect([37075071n, 0n, 169307877264527972847801929085841449095838922544596n].map(tickAtRatio)).toEqual([
      null,
      null,
      null,
    ])
    expect(() => ratioAtTick(32768)).toThrow('Fluid knows no tick 32768')
  })

  test('a tick is 0.15 %, and a ratio stands within one tick of its own', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -20_000, max: 20_000 }),
        fc.integer({ min: 1, max: 999 }),
        (tick, part) => {
          const [low, high] = [ratioAtTick(tick), ratioAtTick(tick + 1)]
          const between = low + ((high - low) * BigInt(part)) / 1000n
          expect(toNumber(high, 18) / toNumber(low, 18)).toBeCloseTo(1.0015, 9)
          return tickAtRatio(between) === tick
        },
      ),
    )
  })
})
