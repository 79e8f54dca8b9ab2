import { z } from 'zod'
import type { CompoundV3Account } from './compound-v3-accounts.ts'
import type { CompoundV3Markets } from './compound-v3-markets.ts'
import { amount, balance, ofAddress, type SubgraphReader, wheresIn } from './subgraph-reader.ts'

const position = z.object({
  account: ofAddress,
  market: ofAddress,
  accounting: z.object({
    basePrincipal: amount,
    collateralBalances: z.array(z.object({ balance, collateralToken: z.object({ token: ofAddress }) })),
  }),
})

/** Of two such accounts one owes more than is told and one less, so that their sum is right. */
const SILENT = 'a transfer of base tokens between borrowers leaves both as they were, which no total shows'

/** Of an account without debt the adapter keeps nothing. */
const IDLE: CompoundV3Account = { debt: 0n, collateral: {} }

/**
 * The community's schema for Compound v3: principal and balances as Comet stores them, read from it at the account's
 * last event. A transfer of base tokens between borrowers has no event, and leaves two accounts as they were. Source:
 * papercliplabs/compound-v3-subgraph@21bb019e, schema.graphql (Position, PositionAccounting, PositionCollateralBalance),
 * src/mappingHelpers/position.ts (updatePositionAccounting), README (Usage Notes).
 */
export const cometReader: SubgraphReader = {
  entity: 'positions',
  fields:
    'account { id } market { id } accounting { basePrincipal collateralBalances(first: 100) { balance collateralToken { token { id } } } }',
  wheres: (keys, given) => {
    const { comet } = given as CompoundV3Markets
    return wheresIn('account_in', keys, `market: "${comet.toLowerCase()}", `)
  },
  read: (raw, given) => {
    const { comet, assets } = given as CompoundV3Markets
    const offsets = new Map(Object.entries(assets).map(([offset, { asset }]) => [asset, offset] as const))
    const rows = raw.map((row) => position.parse(row)).filter(({ market }) => market.id === comet)
    const accountOf = ({ basePrincipal, collateralBalances }: (typeof rows)[number]['accounting']) => {
      if (basePrincipal >= 0n) return IDLE
      const held = collateralBalances.flatMap(({ balance: units, collateralToken }) => {
        const offset = offsets.get(collateralToken.token.id)
        return offset === undefined || units === 0n ? [] : [[offset, units] as const]
      })
      return { debt: -basePrincipal, collateral: Object.fromEntries(held) }
    }
    return {
      states: new Map(rows.map(({ account, accounting }) => [account.id, accountOf(accounting)] as const)),
      approximate: [SILENT],
      inexactDebts: new Set(),
    }
  },
  closed: IDLE,
}
