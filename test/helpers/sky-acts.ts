import type { Address, Hex } from 'viem'
import type { Anvil } from '../chain/anvil.ts'
import { type DssMarket, type IlkName, passHour, toNextHour, word } from '../chain/sky.ts'

const WAD = 10n ** 18n

/** What people do with vaults, one transaction each, by whoever may do it. */
export const skyActions = (anvil: Anvil, market: DssMarket) => {
  const { deployer, vat, manager, engine, opener, admin, dog, jug, spotter, clips, osms, pips } = market
  const { send, read } = deployer
  const units = (amount: number): bigint => (BigInt(Math.round(amount * 1e6)) * WAD) / 1_000_000n
  const timestamp = async (): Promise<bigint> =>
    BigInt((await anvil.rpc<{ timestamp: Hex }>('eth_getBlockByNumber', ['latest', false])).timestamp)
  return {
    units,
    timestamp,
    /** A vault of the manager that belongs to the admin; its number. */
    open: async (ilk: IlkName): Promise<bigint> => {
      await send('CdpManagerStandIn', manager, 'open', [word(ilk), admin])
      return read<bigint>('CdpManagerStandIn', manager, 'cdpi')
    },
    urnOf: (cdp: bigint) => read<Address>('CdpManagerStandIn', manager, 'urns', [cdp]),
    /** Collateral and normalised debt, in whole units; less of either where negative. */
    managed: async (cdp: bigint, ilk: IlkName, ink: number, art: number): Promise<void> => {
      const urn = await read<Address>('CdpManagerStandIn', manager, 'urns', [cdp])
      if (ink > 0) await send('VatStandIn', vat, 'slip', [word(ilk), urn, units(ink)])
      await send('CdpManagerStandIn', manager, 'frob', [cdp, units(ink), units(art)])
    },
    give: (cdp: bigint, to: Address) => send('CdpManagerStandIn', manager, 'give', [cdp, to]),
    /** A vault that the opener may act for, without the manager. */
    frob: (ilk: IlkName, urn: Address, ink: number, art: number) =>
      send('DssOpener', opener, 'frob', [word(ilk), urn, units(ink), units(art)]),
    fork: (ilk: IlkName, from: Address, to: Address, ink: number, art: number) =>
      send('DssOpener', opener, 'fork', [word(ilk), from, to, units(ink), units(art)]),
    /** What the shutdown does, in both directions. */
    grab: (ilk: IlkName, urn: Address, ink: bigint, art: bigint) =>
      send('VatStandIn', vat, 'grab', [word(ilk), urn, admin, admin, ink, art]),
    stake: async (owner: Address, ink: number, art: number): Promise<Address> => {
      await send('LockstakeEngineStandIn', engine, 'open', [units(ink), units(art), owner])
      const count = (await read<Address[]>('LockstakeEngineStandIn', engine, 'all')).length
      return read<Address>('LockstakeEngineStandIn', engine, 'opened', [BigInt(count - 1)])
    },
    drip: (ilk: IlkName) => send('JugStandIn', jug, 'drip', [word(ilk)]),
    poke: (ilk: IlkName) => send('SpotterStandIn', spotter, 'poke', [word(ilk)]),
    bark: (ilk: IlkName, urn: Address) => send('DogStandIn', dog, 'bark', [word(ilk), urn, admin]),
    fileVat: (ilk: IlkName, what: string, value: bigint) =>
      send('VatStandIn', vat, 'file', [word(ilk), word(what), value]),
    setMat: (ilk: IlkName, mat: bigint) =>
      send('SpotterStandIn', spotter, 'file', [word(ilk), word('mat'), mat]),
    setPar: (par: bigint) => send('SpotterStandIn', spotter, 'file', [word('par'), par]),
    setHole: (ilk: IlkName, hole: bigint) => send('DogStandIn', dog, 'file', [word(ilk), word('hole'), hole]),
    stop: (ilk: IlkName, level: bigint) =>
      send('ClipperStandIn', clips[ilk], 'file', [word('stopped'), level]),
    stopOsm: (gem: keyof typeof osms) => send('OsmStandIn', osms[gem], 'stop', []),
    voidOsm: (gem: keyof typeof osms) => send('OsmStandIn', osms[gem], 'void', []),
    pokeOsm: (gem: keyof typeof osms) => send('OsmStandIn', osms[gem], 'poke', []),
    breakPip: (gem: keyof typeof pips, broken: boolean) => send('RatioPip', pips[gem], 'setBroken', [broken]),
    cage: () => send('DogStandIn', dog, 'cage', []),
    /** The market's price, USD; the oracle knows nothing of it yet. */
    setFeed: (feed: keyof DssMarket['feeds'], usd: number) =>
      send('SettableFeed', market.feeds[feed], 'set', [BigInt(Math.round(usd * 1e8))]),
    nextHour: () => toNextHour(anvil),
    passHour: () => passHour(anvil, market),
  }
}
