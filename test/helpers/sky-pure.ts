import { type Address, getAddress } from 'viem'
import type { SkyAccount } from '../../src/adapters/sky-accounts.ts'
import type { Ilk, SkyMarkets } from '../../src/adapters/sky-markets.ts'
import type { Oracle } from '../../src/adapters/sky-oracles.ts'
import { RAY, WAD } from '../../src/core/units.ts'

export const PIP: Address = getAddress('0x0000000000000000000000000000000000000919')
const GEM: Address = getAddress('0x0000000000000000000000000000000000006e44')
const NOBODY: Address = '0x0000000000000000000000000000000000000000'

/** A Maker that stands on no chain: ETH-A at 150 %, no fee, ETH at 2000 USD wherever one looks, unless told. */
export const pureSky = ({
  ilk = {},
  oracle = {},
  ...rest
}: {
  readonly ilk?: Partial<Ilk>
  readonly oracle?: Partial<Oracle>
} & Partial<Omit<SkyMarkets, 'ilks' | 'oracles'>> = {}): SkyMarkets => ({
  ...{ vat: NOBODY, spotter: NOBODY, dog: NOBODY, jug: NOBODY, registry: NOBODY, dai: NOBODY, manager: null },
  ...{ engines: [], vaults: 0n, par: RAY, live: true, elsewhere: { ilks: 0, debt: 0n } },
  ...rest,
  ilks: {
    'ETH-A': {
      ...{ id: '0x', name: 'ETH-A', gem: GEM, symbol: 'WETH', decimals: 18, pip: PIP },
      ...{ debt: WAD, rate: RAY, spot: 0n, mat: (RAY * 3n) / 2n, chop: (WAD * 113n) / 100n },
      ...{ dust: 0n, room: 10n ** 60n, stopped: false },
      ...ilk,
    },
  },
  oracles: {
    [PIP]: {
      ...{ pip: PIP, gem: GEM, symbol: 'WETH', now: 2000n * WAD, market: 2000n * WAD },
      ...{ next: 2000n * WAD, nextFrom: 3600n, hop: 3600n, stopped: false },
      ...oracle,
    },
  },
})

/** A vault of it. */
export const pureVault = (ink: bigint, art: bigint): SkyAccount => ({
  ilk: 'ETH-A',
  ink,
  art,
  vault: null,
  owner: null,
})
