/**
 * The functions of Maker / Sky that are called or read, and the selectors by which its contracts note their calls.
 * Sources: makerdao/dss at fa4f6630 (spot, jug, dog, clip) and e2cdd97 (the deployed Vat), makerdao/osm at e36c874b,
 * makerdao/dss-cdp-manager (DssCdpManager), makerdao/lockstake at 602edbb6 (LockstakeEngine), makerdao/ilk-registry.
 */
import { encodeFunctionData, parseAbi } from 'viem'

export const vatAbi = parseAbi([
  'function live() view returns (uint256)',
  'function ilks(bytes32 ilk) view returns (uint256 Art, uint256 rate, uint256 spot, uint256 line, uint256 dust)',
  'function urns(bytes32 ilk, address urn) view returns (uint256 ink, uint256 art)',
])

/** Calls of the Vat that change a vault. It notes each in an anonymous log: see src/adapters/sky-notes.ts. */
export const vatCallsAbi = parseAbi([
  'function frob(bytes32 i, address u, address v, address w, int256 dink, int256 dart)',
  'function fork(bytes32 ilk, address src, address dst, int256 dink, int256 dart)',
  'function grab(bytes32 i, address u, address v, address w, int256 dink, int256 dart)',
])

export const spotterAbi = parseAbi([
  'function par() view returns (uint256)',
  'function ilks(bytes32 ilk) view returns (address pip, uint256 mat)',
  'function poke(bytes32 ilk)',
])

export const jugAbi = parseAbi([
  'function base() view returns (uint256)',
  'function ilks(bytes32 ilk) view returns (uint256 duty, uint256 rho)',
  'function drip(bytes32 ilk) returns (uint256 rate)',
])

export const dogAbi = parseAbi([
  'function live() view returns (uint256)',
  'function Hole() view returns (uint256)',
  'function Dirt() view returns (uint256)',
  'function ilks(bytes32 ilk) view returns (address clip, uint256 chop, uint256 hole, uint256 dirt)',
  'function bark(bytes32 ilk, address urn, address kpr) returns (uint256 id)',
])

export const clipperAbi = parseAbi(['function stopped() view returns (uint256)'])

export const osmAbi = parseAbi([
  'function src() view returns (address)',
  'function hop() view returns (uint16)',
  'function zzz() view returns (uint64)',
  'function stopped() view returns (uint256)',
  'function peek() view returns (bytes32 value, bool has)',
])

/** The call by which the Spotter asks a price source. */
export const osmPeek = encodeFunctionData({ abi: osmAbi, functionName: 'peek' })

export const cdpManagerAbi = parseAbi([
  'function cdpi() view returns (uint256)',
  'function urns(uint256 cdp) view returns (address)',
  'function owns(uint256 cdp) view returns (address)',
])

/** The manager notes this one with the caller in topic 1 and the arguments in topics 2 and 3. */
export const cdpManagerCallsAbi = parseAbi(['function give(uint256 cdp, address dst)'])

export const lockstakeEngineAbi = parseAbi([
  'function ilk() view returns (bytes32)',
  'function urnOwners(address urn) view returns (address)',
])

export const ilkRegistryAbi = parseAbi([
  'function list() view returns (bytes32[])',
  'function gem(bytes32 ilk) view returns (address)',
  'function dec(bytes32 ilk) view returns (uint256)',
  'function symbol(bytes32 ilk) view returns (string)',
])
