import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { AnyAdapter } from '../src/adapters/adapter.ts'
import { adapters } from '../src/adapters/index.ts'

/**
 * Registry, README and conformance suite say the same: which protocols there are, on which chains, and what holds them
 * to their word.
 */
const textOf = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const CHAINS: Readonly<Record<string, string>> = {
  ethereum: 'Ethereum',
  base: 'Base',
  arbitrum: 'Arbitrum',
  optimism: 'Optimism',
  polygon: 'Polygon',
  avalanche: 'Avalanche',
  bnb: 'BNB Chain',
}

const protocols = adapters.filter(({ deployments }) => Object.keys(deployments).length > 0)

/** The cells of the README's table of protocols, by the first one. */
const section = textOf('README.md').split('\n## What it reads\n')[1]?.split('\n## ')[0] ?? ''
const table = new Map(
  [...section.matchAll(/^\| `([a-z0-9-]+)` \|(.*)\|$/gm)].map(
    ([, name = '', cells = '']) => [name, cells.split('|').map((cell) => cell.trim())] as const,
  ),
)

test('the README’s table has every protocol once, and no other', () => {
  const names = [...section.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, name]) => name)
  expect(names.toSorted()).toEqual(protocols.map(({ name }) => name).toSorted())
})

describe.each(protocols.map((adapter) => [adapter.name, adapter] as const))(
  '%s',
  (name, adapter: AnyAdapter) => {
    const [, deployments = '', checked = ''] = table.get(name) ?? []

    test('the README names exactly the chains of its deployments', () => {
      const chains = new Set(Object.keys(adapter.deployments).map((path) => path.split('/')[0] ?? ''))
      const unknown = [...chains].filter((chain) => !(chain in CHAINS))
      expect(unknown).toEqual([])
      const named = Object.entries(CHAINS).filter(([, label]) => deployments.includes(label))
      expect(named.map(([chain]) => chain).toSorted()).toEqual([...chains].toSorted())
    })

    test('the README says stand-in where the tests ask one, and only there', () => {
      expect(/^(a stand-in|stand-ins)/.test(checked)).toBe(adapter.checkedAgainst === 'stand-in')
    })

    test('it stands under the conformance suite', () => {
      const path = `test/adapters/${name}.test.ts`
      expect(existsSync(new URL(`../${path}`, import.meta.url)), path).toBe(true)
      expect(textOf(path)).toMatch(/^(await )?conformance\(/m)
    })

    test('every deployment is one that the adapter takes', () => {
      for (const deployment of Object.values(adapter.deployments))
        expect(adapter.parseDeployment(deployment).fromBlock).toBeGreaterThanOrEqual(0n)
    })
  },
)
