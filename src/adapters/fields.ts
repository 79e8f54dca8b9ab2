import { getAddress, isAddress } from 'viem'
import { z } from 'zod'

/** An address in a deployment of the configuration, checksummed. */
export const address = z
  .string()
  .refine((text) => isAddress(text), 'not an address')
  .transform((text) => getAddress(text))
