/**
 * What a contract is asked to find out who owns it. Source: the Safe's interface (safe-global/safe-smart-account,
 * contracts/interfaces/IOwnerManager.sol) and OpenZeppelin's Ownable (@openzeppelin/contracts 5.1.0,
 * access/Ownable.sol), which proxies and smart accounts of many makers answer as well.
 */
import { parseAbi } from 'viem'

export const safeAbi = parseAbi([
  'function getOwners() view returns (address[])',
  'function getThreshold() view returns (uint256)',
])

export const ownableAbi = parseAbi(['function owner() view returns (address)'])
