import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findBands } from '../../../src/core/bands/bands.ts'
import { type Evidence, strandsOf } from '../../../src/core/entities/evidence.ts'
import { isLinkedName, linkOwners } from '../../../src/core/entities/link.ts'
import { ownerEvidence } from '../../../src/core/entities/owners.ts'
import { entryOf } from '../../helpers/books.ts'
import { address, evidence, groupsOf, input, someEvidence, someLabels } from './books.ts'

const strengthOf = (...all: readonly Evidence[]): number | undefined =>
  linkOwners(input({ evidence: all })).pairs[0]?.strength
const onDays = (kind: 'transfer' | 'pays-in' | 'repays', days: number): readonly Evidence[] =>
  Array.from({ length: days }, (_, i) => evidence(kind, [1, 2], { block: i + 1, day: `2026-01-0${i + 1}` }))

describe('strength', () => {
  test.each([
    ['the only owner', 'only-owner', 1],
    ['the same owners', 'same-owners', 0.95],
    ['borrowing on credit', 'delegation', 0.8],
    ['a transfer', 'transfer', 0.7],
    ['a payment', 'pays-in', 0.6],
    ['a repayment', 'repays', 0.5],
    ['a factory and an owner', 'same-factory-and-owner', 0.9],
    ['a factory alone', 'same-factory', 0.05],
  ] as const)('%s', (_, kind, expected) => {
    expect(strengthOf(evidence(kind, [1, 2]))).toBe(expected)
    // the same again is the same kind, and counts once
    expect(strengthOf(evidence(kind, [1, 2]), evidence(kind, [1, 2], { block: 2 }))).toBe(expected)
  })

  test.each([
    ['transfer', 0.7, 0.85],
    ['pays-in', 0.6, 0.8],
    ['repays', 0.5, 0.7],
  ] as const)('%s on three different days, and not on two', (kind, once, often) => {
    expect(strengthOf(...onDays(kind, 2))).toBe(once)
    expect(strengthOf(...onDays(kind, 3))).toBe(often)
    const sameDay = onDays(kind, 3).map((one) => ({ ...one, day: '2026-01-01' }))
    expect(strengthOf(...sameDay)).toBe(once)
  })

  test('a transfer and one back are more than two one way; payments are not', () => {
    expect(strengthOf(evidence('transfer', [1, 2]), evidence('transfer', [2, 1]))).toBe(0.85)
    expect(strengthOf(evidence('pays-in', [1, 2]), evidence('pays-in', [2, 1]))).toBe(0.6)
  })

  test('kinds add up as independent doubts: 1 - .2 · .4 · .5', () => {
    const three = (['delegation', 'pays-in', 'repays'] as const).map((kind) => evidence(kind, [1, 2]))
    expect(strengthOf(...three)).toBe(0.96)
    // .5 and .8 are exactly what it takes
    expect(groupsOf({ evidence: [evidence('repays', [1, 2]), evidence('delegation', [1, 2])] })).toEqual([
      [address(1), address(2)],
    ])
    expect(groupsOf({ evidence: [evidence('transfer', [1, 2]), evidence('pays-in', [1, 2])] })).toEqual([])
  })

  test('the first occasion is the one to look up', () => {
    const [strand] = strandsOf([
      evidence('transfer', [2, 1], { block: 9, tx: '0x9' }),
      evidence('transfer', [1, 2], { block: 3, tx: '0x3' }),
    ])
    expect(strand?.first).toMatchObject({ block: 3, tx: '0x3' })
  })
})

describe('groups', () => {
  test('the order of evidence does not matter, nor who is written first', () => {
    fc.assert(
      fc.property(
        someEvidence.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length })),
        ),
        someLabels,
        ([all, shuffled], labels) => {
          expect(linkOwners(input({ evidence: shuffled, labels }))).toEqual(
            linkOwners(input({ evidence: all, labels })),
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  test('in brief they are the same, hubs and all', () => {
    fc.assert(
      fc.property(someEvidence, someLabels, fc.boolean(), (all, labels, withHub) => {
        const hub = Array.from({ length: 21 }, (_, i) => evidence('same-owners', [3, i + 30]))
        const hubbed = Array.from({ length: 21 }, (_, i) => evidence('only-owner', [5, i + 60]))
        const given = input({ evidence: [...all, ...(withHub ? [...hub, ...hubbed] : [])], labels })
        const { pairs, ...full } = linkOwners(given)
        const { pairs: few, ...brief } = linkOwners({ ...given, brief: true })
        expect(brief).toEqual(full)
        const strong = (some: typeof pairs) =>
          some
            .filter(({ verdict }) => verdict !== 'hub' && verdict !== 'below the limit')
            .map(({ a, b, strength, verdict }) => ({ a, b, strength, verdict }))
        expect(strong(few)).toEqual(strong(pairs))
      }),
      { numRuns: 300 },
    )
  })

  test('two labels never merge, and every owner is in one entity at most', () => {
    let conflicts = 0
    fc.assert(
      fc.property(someEvidence, someLabels, (all, labels) => {
        const { entities, pairs } = linkOwners(input({ evidence: all, labels }))
        const owners = entities.flatMap((entity) => entity.owners)
        expect(new Set(owners).size).toBe(owners.length)
        for (const { name, label, owners: members } of entities) {
          const names = new Set(members.flatMap((owner) => labels.get(owner) ?? []))
          expect(names.size).toBeLessThanOrEqual(1)
          for (const own of names) expect(label).toBe(own)
          expect(name).toBe(label ?? `linked:${members[0]}`)
          expect(isLinkedName(name)).toBe(label === null)
        }
        conflicts += pairs.filter(({ verdict }) => verdict === 'conflict').length
      }),
      { numRuns: 500 },
    )
    expect(conflicts).toBeGreaterThan(0)
  })

  test('a conflict is recorded, and the stronger tie decides which label an owner follows', () => {
    const labels = new Map([
      [address(1), 'Fund'],
      [address(3), 'Bank'],
    ])
    const { entities, pairs } = linkOwners(
      input({ evidence: [evidence('only-owner', [2, 3]), evidence('same-owners', [1, 2])], labels }),
    )
    expect(entities).toMatchObject([{ name: 'Bank', owners: [address(2), address(3)], linked: [address(2)] }])
    expect(pairs.map(({ a, b, verdict }) => [a, b, verdict])).toEqual([
      [address(2), address(3), 'united'],
      [address(1), address(2), 'conflict'],
    ])
  })

  test('removing the weakest union splits exactly one group', () => {
    // a tree a group, so that no second way leads around the union that is taken out
    const tree = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 3 })), { minLength: 2, maxLength: 12 })
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 4 }), (trees) => {
        const all = trees.flatMap((edges, t) =>
          edges.flatMap(([parent, how], i) => {
            const pair = [100 * t + (parent % (i + 1)) + 1, 100 * t + i + 2] as const
            const kinds = [
              ['only-owner'],
              ['same-owners'],
              ['delegation', 'transfer'],
              ['delegation', 'pays-in'],
            ] as const
            return (kinds[how] ?? kinds[0]).map((kind) => evidence(kind, pair))
          }),
        )
        const { entities, pairs } = linkOwners(input({ evidence: all }))
        expect(entities.length).toBe(trees.length)
        const weakest = entities
          .flatMap((entity) => entity.weakest ?? [])
          .toSorted((x, y) => x.strength - y.strength)[0]
        const united = pairs.filter(({ verdict }) => verdict === 'united')
        expect(weakest?.strength).toBe(Math.min(...united.map(({ strength }) => strength)))
        const rest = all.filter(
          ({ from, to }) => !(weakest && [from, to].includes(weakest.a) && [from, to].includes(weakest.b)),
        )
        const after = linkOwners(input({ evidence: rest })).entities.map(({ owners }) => owners.join())
        const kept = entities.filter(({ owners }) => after.includes(owners.join()))
        expect(kept.length).toBe(entities.length - 1)
        const split = entities.find(({ owners }) => !after.includes(owners.join()))
        // what is left of it: two parts, of which those of one owner are no entity
        const parts = linkOwners(input({ evidence: rest })).entities.filter(({ owners }) =>
          owners.some((owner) => split?.owners.includes(owner)),
        )
        const alone = (split?.owners.length ?? 0) - parts.flatMap(({ owners }) => owners).length
        expect(parts.length + alone).toBe(2)
      }),
      { numRuns: 200 },
    )
  })

  test('not beyond 50 owners, unless a file says so', () => {
    const chain = (n: number) =>
      Array.from({ length: n - 1 }, (_, i) => evidence('only-owner', [i + 1, i + 2]))
    expect(groupsOf({ evidence: chain(50) }).map(({ length }) => length)).toEqual([50])
    const { entities, pairs } = linkOwners(input({ evidence: chain(51) }))
    expect(entities.map(({ owners }) => owners.length)).toEqual([50])
    expect(pairs.filter(({ verdict }) => verdict === 'too many owners').length).toBe(1)
    const labels = new Map(Array.from({ length: 60 }, (_, i) => [address(i + 100), 'Fund']))
    const members = new Set([...labels.keys(), address(1)])
    const joined = input({ evidence: [evidence('only-owner', [1, 100])], labels, members })
    expect(linkOwners(joined).pairs.filter(({ verdict }) => verdict === 'too many owners').length).toBe(1)
  })

  test('only owners with a position are members; others may stand between them', () => {
    const all = [
      evidence('only-owner', [9, 1]),
      evidence('only-owner', [9, 2]),
      evidence('same-owners', [2, 3]),
    ]
    const given = {
      evidence: all,
      members: new Set([address(1), address(2)]),
      isBorrower: (one: string) => one !== address(9),
    }
    expect(groupsOf({ ...given, natureOf: () => 'account' })).toEqual([[address(1), address(2)]])
    // what only leads to somebody without a position is no weakness of the entity
    const [entity] = linkOwners(input({ ...given, natureOf: () => 'account' })).entities
    expect(entity?.weakest?.strength).toBe(1)
    // a contract that is neither borrower nor Safe, and one that was never asked, stand for nobody
    for (const nature of ['contract', null] as const)
      expect(groupsOf({ ...given, natureOf: () => nature })).toEqual([])
    expect(groupsOf({ ...given, natureOf: () => 'safe' })).toEqual([[address(1), address(2)]])
  })
})

describe('hubs', () => {
  const served = (hub: number, n: number): readonly Evidence[] =>
    Array.from({ length: n }, (_, i) => i + 1).flatMap((owner) =>
      (['delegation', 'transfer', 'pays-in'] as const).map((kind) => evidence(kind, [hub, owner])),
    )

  test('with 21 borrowers, not with 20', () => {
    expect(groupsOf({ evidence: served(99, 20) }).map(({ length }) => length)).toEqual([21])
    expect(groupsOf({ evidence: served(99, 21) })).toEqual([])
    const { hubs, pairs } = linkOwners(input({ evidence: served(99, 21) }))
    expect([...hubs]).toEqual([[address(99), 21]])
    expect(new Set(pairs.map(({ verdict }) => verdict))).toEqual(new Set(['hub']))
  })

  test('adding one changes nothing, whether it borrows itself or not', () => {
    fc.assert(
      fc.property(someEvidence, someLabels, fc.boolean(), (all, labels, borrows) => {
        const isBorrower = (one: string) => one !== address(999) || borrows
        const members = new Set(all.flatMap(({ from, to }) => [from, to]))
        const natureOf = () => 'account' as const
        const given = { labels, isBorrower, members, natureOf }
        const before = linkOwners(input({ ...given, evidence: all }))
        const after = linkOwners(input({ ...given, evidence: [...all, ...served(999, 21)] }))
        expect(after.entities).toEqual(before.entities)
      }),
      { numRuns: 200 },
    )
  })

  test('partners that never borrowed do not make one', () => {
    const given = { evidence: served(99, 40), isBorrower: (one: string) => BigInt(one) <= 2n }
    const { hubs } = linkOwners(input({ ...given, natureOf: () => 'account' }))
    expect(hubs.size).toBe(0)
  })

  test('it stays the owner of what it has', () => {
    const pair = [evidence('only-owner', [99, 50]), evidence('same-owners', [99, 51])]
    const { entities } = linkOwners(input({ evidence: [...served(99, 21), ...pair] }))
    expect(entities).toEqual([])
  })
})

describe('owners of contracts', () => {
  const safe = (n: number, owners: readonly number[], threshold: number | null) => ({
    address: address(n),
    owners: owners.map(address),
    threshold,
    block: n,
  })
  const found = (...contracts: readonly ReturnType<typeof safe>[]) =>
    ownerEvidence(contracts).map(({ kind, from, to, percent = null }) => [kind, from, to, percent])

  test('one owner alone; a Safe of two is nobody’s', () => {
    expect(found(safe(1, [7], null), safe(2, [8], 1), safe(3, [8, 9], 2))).toEqual([
      ['only-owner', address(7), address(1), null],
      ['only-owner', address(8), address(2), null],
    ])
  })

  test('Safes of the same people, and of enough of the same people to sign both', () => {
    expect(found(safe(1, [7, 8], 1), safe(2, [8, 7], 2))).toEqual([
      ['same-owners', address(1), address(2), null],
    ])
    expect(found(safe(1, [7, 8, 9], 2), safe(2, [7, 8, 6], 2))).toEqual([
      ['same-owners', address(1), address(2), 60],
    ])
    expect(found(safe(1, [7, 8, 9], 2), safe(2, [7, 8, 6], 3))).toEqual([])
    expect(found(safe(1, [7, 8, 9], 1), safe(2, [6, 5, 4], 1))).toEqual([])
  })

  test('who signs for more than twenty Safes shows nothing of any two', () => {
    const many = Array.from({ length: 21 }, (_, i) => safe(i + 1, [100, 200 + i], 1))
    expect(found(...many)).toEqual([])
    expect(found(...many.slice(0, 20)).length).toBe(190)
  })
})

test('the range of a concentrated band stays a row, whoever of its owners is linked; all of them, and its edges stay', () => {
  const spot = 2000
  const light = Array.from({ length: 3000 }, (_, i) =>
    entryOf({ id: `light ${i}`, price: 600 * 3 ** (i / 3000), collateralUsd: 10_000 }),
  )
  const heavy = [1300, 1302, 1305, 1309, 1312].map((price, i) =>
    entryOf({ id: `h${i}`, owner: address(i + 1), price, collateralUsd: 2e6 + i * 1e5 }),
  )
  const [before] = findBands([...light, ...heavy], { spot, side: 'below' })
  expect(before).toMatchObject({ kind: 'concentrated', low: 1300, high: 1312, owners: 5, entities: 5 })
  const seen = new Set<string>()
  const tie = fc.tuple(fc.nat(4), fc.nat(4))
  fc.assert(
    fc.property(fc.oneof(fc.array(tie, { maxLength: 3 }), fc.array(tie, { maxLength: 12 })), (ties) => {
      const links = linkOwners(
        input({
          evidence: ties.map(([a, b]) => evidence('only-owner', [a + 1, b + 1])),
          members: new Set(heavy.map(({ owner }) => owner)),
        }),
      )
      const names = new Map(
        links.entities.flatMap(({ name, owners }) => owners.map((owner) => [owner, name] as const)),
      )
      const linked = heavy.map((entry) => ({ ...entry, entity: names.get(entry.owner) ?? null }))
      const [after] = findBands([...light, ...linked], { spot, side: 'below' })
      const largest = Math.max(0, ...links.entities.map(({ owners }) => owners.length))
      seen.add(`${largest} ${after?.kind}`)
      if (largest === 5)
        expect(after).toMatchObject({ kind: 'entity', low: 1300, high: 1312, owners: 5, entities: 1 })
      else if (after?.kind === 'concentrated')
        expect(after).toMatchObject({ low: 1300, high: 1312, owners: 5 })
      else {
        // almost all of it is one entity's: the row is that entity, with its own edges (2.7.3, rule 2)
        const mine = linked.filter(({ entity }) => entity !== null && entity === after?.singleEntity)
        const prices = mine.map(({ price }) => price)
        expect(after).toMatchObject({ kind: 'entity', low: Math.min(...prices), high: Math.max(...prices) })
        expect(largest).toBe(4)
      }
    }),
    { numRuns: 60 },
  )
  expect([...seen]).toEqual(expect.arrayContaining(['0 concentrated', '2 concentrated', '5 entity']))
})
