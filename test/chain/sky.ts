import { type Address, getAddress, type Hex, stringToHex, toHex } from 'viem'
import type { Anvil } from './anvil.ts'
import { type Artifact, artifactIn, once } from './compile.ts'
import { createDeployer, type Deployer } from './deployer.ts'

const compileDss = once(['liqbands/Feeds.sol', 'liqbands/DssStandIn.sol', 'liqbands/DssActors.sol'])

const WAD = 10n ** 18n
const RAY = 10n ** 27n
const RAD = 10n ** 45n

/** The bytes32 of a short text. */
export const word = (text: string): Hex => stringToHex(text, { size: 32 })

/** Tokens of the local market: nothing is asked of them, so they are addresses and no contracts. */
export const GEMS = {
  WETH: getAddress('0x00000000000000000000000000000000000e7401'),
  wstETH: getAddress('0x00000000000000000000000000000000000e7402'),
  WBTC: getAddress('0x00000000000000000000000000000000000b7c03'),
  SKY: getAddress('0x0000000000000000000000000000000000053a04'),
  DAI: getAddress('0x0000000000000000000000000000000000da1005'),
} as const satisfies Readonly<Record<string, Address>>

type Gem = Exclude<keyof typeof GEMS, 'DAI'>

/** What a price stands on: a feed of 8 decimals and what one token is worth in it. */
const ORACLES = {
  WETH: { feed: 'ETH', ratio: WAD },
  wstETH: { feed: 'ETH', ratio: 12n * 10n ** 17n },
  WBTC: { feed: 'BTC', ratio: WAD },
  SKY: { feed: 'SKY', ratio: WAD },
} as const satisfies Readonly<Record<Gem, { readonly feed: string; readonly ratio: bigint }>>

/** Prices at deployment, USD. */
const USD = { ETH: 3000, BTC: 60_000, SKY: 0.07 } as const

/** Ratio and fee a second of every collateral type: about 5, 10, 2, 7 and 20 % a year. */
const ILKS = {
  'ETH-A': { gem: 'WETH', mat: 145n, fee: 1_547_125_957_863_212_448n, dust: 7500n },
  'ETH-B': { gem: 'WETH', mat: 130n, fee: 3_022_265_980_097_387_650n, dust: 25_000n },
  'WSTETH-A': { gem: 'wstETH', mat: 150n, fee: 627_937_192_491_029_810n, dust: 7500n },
  'WBTC-A': { gem: 'WBTC', mat: 150n, fee: 2_145_441_671_308_778_766n, dust: 7500n },
  'LSEV2-SKY-A': { gem: 'SKY', mat: 120n, fee: 5_781_378_656_804_591_712n, dust: 30_000n },
} as const satisfies Readonly<
  Record<string, { readonly gem: Gem; readonly mat: bigint; readonly fee: bigint; readonly dust: bigint }>
>

export type IlkName = keyof typeof ILKS
type FeedName = keyof typeof USD

const ILK_NAMES = Object.keys(ILKS) as IlkName[]

/** A deployed Maker and everything that acts on it. */
export type DssMarket = Readonly<
  Record<
    | 'vat'
    | 'spotter'
    | 'jug'
    | 'dog'
    | 'vow'
    | 'manager'
    | 'engine'
    | 'registry'
    | 'opener'
    | 'keeper'
    | 'admin',
    Address
  >
> & {
  readonly fromBlock: bigint
  readonly deployer: Deployer
  readonly clips: Readonly<Record<IlkName, Address>>
  readonly osms: Readonly<Record<Gem, Address>>
  readonly pips: Readonly<Record<Gem, Address>>
  readonly feeds: Readonly<Record<FeedName, Address>>
}

/** How the contracts are called: the stand-ins' names, or, by hand and outside this project, the real ones. */
export type DssArtifacts = (name: string) => Artifact | null

const entries = <K extends string, V>(pairs: readonly (readonly [K, V])[]): Record<K, V> =>
  Object.fromEntries(pairs) as Record<K, V>

/** Deploys Maker with five collateral types, every OSM full, and one more type without auctions. */
export const deployDss = async (
  anvil: Anvil,
  { real = () => null, fees = true }: { readonly real?: DssArtifacts; readonly fees?: boolean } = {},
): Promise<DssMarket> => {
  const [admin] = await anvil.rpc<readonly Address[]>('eth_accounts')
  if (admin === undefined) throw new Error('anvil has no account to deploy from')
  const fromBlock = BigInt(await anvil.rpc<string>('eth_blockNumber')) + 1n
  const own = artifactIn(await compileDss())
  const deployer = createDeployer(anvil, admin, (name) => real(name) ?? own(name))
  const { deploy, send } = deployer
  const vat = await deploy('VatStandIn')
  const spotter = await deploy('SpotterStandIn', [vat])
  const jug = await deploy('JugStandIn', [vat])
  const dog = await deploy('DogStandIn', [vat])
  const vow = await deploy('VowStub')
  const manager = await deploy('CdpManagerStandIn', [vat])
  const registry = await deploy('IlkRegistryStandIn')
  const engine = await deploy('LockstakeEngineStandIn', [vat, word('LSEV2-SKY-A')])
  const opener = await deploy('DssOpener', [vat, manager])
  const keeper = await deploy('DssKeeper', [spotter, jug, dog])
  for (const ward of [spotter, jug, dog, engine, opener]) await send('VatStandIn', vat, 'rely', [ward])
  const file = (name: string, to: Address, ...args: readonly unknown[]) => send(name, to, 'file', args)
  await file('VatStandIn', vat, word('Line'), 10n ** 12n * RAD)
  await file('JugStandIn', jug, word('vow'), vow)
  await file('DogStandIn', dog, word('vow'), vow)
  await file('DogStandIn', dog, word('Hole'), 10n ** 11n * RAD)

  const feeds: Partial<Record<FeedName, Address>> = {}
  for (const [name, usd] of Object.entries(USD))
    feeds[name as FeedName] = await deploy('SettableFeed', [BigInt(Math.round(usd * 1e8))])
  const pips: [Gem, Address][] = []
  const osms: [Gem, Address][] = []
  for (const [gem, { feed, ratio }] of Object.entries(ORACLES)) {
    const pip = await deploy('RatioPip', [feeds[feed], ratio])
    const osm = await deploy('OsmStandIn', [pip])
    await send('OsmStandIn', osm, 'kiss', [spotter])
    pips.push([gem as Gem, pip])
    osms.push([gem as Gem, osm])
  }
  const market = { osms: entries(osms), pips: entries(pips) }
  const clips: [IlkName, Address][] = []
  for (const name of ILK_NAMES) {
    const { gem, mat, fee, dust } = ILKS[name]
    const ilk = word(name)
    const clip = await deploy('ClipperStandIn', [vat, spotter, dog, ilk])
    await send('OsmStandIn', market.osms[gem], 'kiss', [clip])
    clips.push([name, clip])
    await send('VatStandIn', vat, 'rely', [clip])
    if (real('ClipperStandIn') !== null) await send('ClipperStandIn', clip, 'rely', [dog])
    await send('VatStandIn', vat, 'init', [ilk])
    await file('VatStandIn', vat, ilk, word('line'), 10n ** 12n * RAD)
    await file('VatStandIn', vat, ilk, word('dust'), dust * RAD)
    await file('SpotterStandIn', spotter, ilk, word('pip'), market.osms[gem])
    await file('SpotterStandIn', spotter, ilk, word('mat'), (mat * RAY) / 100n)
    // a fee is set in the second of the last drip only
    await anvil.rpc('anvil_setBlockTimestampInterval', [0])
    await send('JugStandIn', jug, 'init', [ilk])
    await file('JugStandIn', jug, ilk, word('duty'), fees ? RAY + fee : RAY)
    await anvil.rpc('anvil_setBlockTimestampInterval', [1])
    await file('DogStandIn', dog, ilk, word('chop'), (113n * WAD) / 100n)
    await file('DogStandIn', dog, ilk, word('hole'), 10n ** 11n * RAD)
    await file('DogStandIn', dog, ilk, word('clip'), clip)
    const decimals = gem === 'WBTC' ? 8n : 18n
    await send('IlkRegistryStandIn', registry, 'add', [ilk, GEMS[gem], decimals, gem])
  }
  // what has no auction is nobody's vault: PSM, allocators, real-world assets
  await send('VatStandIn', vat, 'init', [word('PSM-A')])
  await send('IlkRegistryStandIn', registry, 'add', [word('PSM-A'), GEMS.DAI, 18n, 'PSM'])
  const deployed: DssMarket = {
    ...{ vat, spotter, jug, dog, vow, manager, engine, registry, opener, keeper, admin, fromBlock, deployer },
    ...market,
    clips: entries(clips),
    feeds: feeds as Record<FeedName, Address>,
  }
  await passHour(anvil, deployed)
  await passHour(anvil, deployed)
  return deployed
}

/** A few seconds after the next full hour: no OSM may take another price before the hour after. */
export const toNextHour = async (anvil: Anvil): Promise<void> => {
  const { timestamp } = await anvil.rpc<{ readonly timestamp: Hex }>('eth_getBlockByNumber', [
    'latest',
    false,
  ])
  const next = (BigInt(timestamp) / 3600n + 1n) * 3600n + 5n
  await anvil.rpc('evm_setNextBlockTimestamp', [toHex(next)])
  await anvil.rpc('anvil_mine', ['0x1'])
}

/** An hour later every OSM takes the market's price, and the Vat what the OSM had taken before. */
export const passHour = async (anvil: Anvil, { osms, spotter, deployer }: DssMarket): Promise<void> => {
  await toNextHour(anvil)
  for (const osm of Object.values(osms)) await deployer.send('OsmStandIn', osm, 'poke', [])
  for (const name of ILK_NAMES) await deployer.send('SpotterStandIn', spotter, 'poke', [word(name)])
}

/** The price of a token in its OSM's unit, wad, with its feed at an answer. */
export const osmPrice = (gem: Gem, answer: bigint): bigint => (answer * ORACLES[gem].ratio) / 10n ** 8n

/** What a collateral type of the local market was given. */
export const termsOf = (name: IlkName) => {
  const { gem, mat, dust } = ILKS[name]
  return { gem, mat: (mat * RAY) / 100n, dust: dust * RAD, usd: USD[ORACLES[gem].feed] }
}

/** What stands in slots 3 and 4 of an OSM that has this price, now and next. */
export const osmWord = (price: bigint): Hex => toHex((1n << 128n) + price, { size: 32 })

/** The tokens whose price stands on a feed. */
export const gemsOn = (feed: string): readonly Gem[] =>
  (Object.keys(ORACLES) as Gem[]).filter((gem) => ORACLES[gem].feed === feed)
