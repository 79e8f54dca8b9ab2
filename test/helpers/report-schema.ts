import { z } from 'zod'
import type { Report } from '../../src/core/report.ts'

/**
 * The Report as a zod schema, for two uses: `data/report.schema.json` is generated from it, and tests hold the
 * reports they make against it. The types at the end make tsc fail where it says anything else than
 * `src/core/report.ts`.
 */

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()

const usd = z.number().nonnegative().describe('USD')
const price = z.number().nonnegative().describe('USD of one unit of the driver')
const share = z.number().min(0).max(1)
const count = z.number().int().nonnegative()
const percent = z.number().describe('Percent, negative below spot')
const text = z.string().min(1)
const time = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/)
  .meta({ format: 'date-time', description: 'ISO-8601, UTC' })
const side = z.enum(['below', 'above'])
const kind = z.enum(['crowd', 'concentrated', 'entity'])

const block = z
  .strictObject({
    chain: text,
    chainId: count,
    number: count.nullable().describe('null for imported files that name no block'),
    hash: z
      .string()
      .regex(/^0x[0-9a-f]{64}$/)
      .nullable(),
    timestamp: time.nullable(),
  })
  .meta({ id: 'Block' })

const coverage = z
  .strictObject({
    source: text.describe('protocol/chain/deployment'),
    status: z.enum(['complete', 'partial', 'stale', 'failed']),
    accounts: count.describe('Accounts known to the source, with or without debt'),
    positions: count.describe('Accounts with debt at the pinned block'),
    unpriced: count,
    debtUsd: usd,
    protocolDebtUsd: usd.nullable(),
    debtCovered: z
      .number()
      .nonnegative()
      .nullable()
      .describe("Sum of the accounts' debt / the protocol's own total; 1 when they agree to the unit"),
    requests: count,
    seconds: z.number().nonnegative(),
    error: text.nullable(),
    notes: list(text),
  })
  .meta({ id: 'Coverage' })

const total = z
  .strictObject({
    positions: count,
    owners: count,
    collateralUsd: usd,
    debtUsd: usd,
    driverAmount: z.number().nonnegative().describe('Units of the driver'),
  })
  .meta({ id: 'Total' })

const member = z
  .strictObject({
    source: text,
    id: text,
    owner: text.describe('An address, or what an imported file calls the owner'),
    entity: text.nullable(),
    price,
    collateralUsd: usd,
    debtUsd: usd,
  })
  .meta({ id: 'BandMember' })

const summary = z
  .strictObject({
    kind,
    low: price,
    high: price,
    collateralUsd: usd,
    owners: count,
    singleEntity: text.nullable(),
  })
  .meta({ id: 'BandSummary' })

const overlap = z
  .strictObject({ rank: z.number().int().positive(), low: price, high: price, collateralUsd: usd })
  .meta({ id: 'BandOverlap' })

const band = z
  .strictObject({
    rank: z.number().int().positive(),
    kind,
    side,
    low: price.describe("A member's own liquidation price, USD"),
    high: price.describe("A member's own liquidation price, USD"),
    distancePct: percent.describe('From spot to the nearest edge, percent; negative below spot'),
    collateralUsd: usd,
    driverAmount: z.number().nonnegative().describe('Units of the driver'),
    debtUsd: usd,
    share: share.describe("Of the side's collateral"),
    inRangeUsd: usd.describe('Everything between low and high, whoever holds it'),
    densityRatio: z.number().nonnegative().describe('inRangeUsd / what the surroundings lead to expect'),
    confidence: share,
    positions: count,
    owners: count,
    entities: count,
    effectiveHolders: z.number().nonnegative(),
    effectiveEntities: z.number().nonnegative(),
    hhi: share,
    top1Share: share,
    top10Share: share,
    singleEntity: text.nullable(),
    includes: list(summary),
    overlaps: list(overlap),
    byProtocol: list(z.strictObject({ source: text, share })),
    topPositions: list(member).describe('The ten largest members'),
  })
  .meta({ id: 'Band' })

const whale = z
  .strictObject({
    owner: text.describe('An address, or what an imported file calls the owner'),
    entity: text.nullable(),
    side,
    share: share.describe("Of the side's collateral"),
    price: price.describe('Collateral-weighted mean of its liquidation prices, USD'),
    collateralUsd: usd,
    debtUsd: usd,
    positions: count,
  })
  .meta({ id: 'Whale' })

const amounts = { collateralUsd: usd, debtUsd: usd, positions: count }
const rangeUsd = usd.describe('Sold here of positions that are liquidated over a range; in no other figure')
const content = {
  ...amounts,
  bySource: z.record(z.string(), usd).readonly(),
  rangeUsd,
  rangeBySource: z.record(z.string(), usd).readonly(),
}
const bucket = z.strictObject(content).meta({ id: 'Bucket' })
const bar = z.strictObject({ ...content, low: price, high: price }).meta({ id: 'Bar' })

const histogram = z
  .strictObject({
    side,
    step: z.number().positive().describe('Width of a bar, USD; at spot where stepPct is set'),
    stepPct: z
      .number()
      .positive()
      .nullable()
      .describe('Width of every bar in percent of its low edge; null where all are step wide'),
    underflow: bucket.describe('Beyond the drawn range, away from spot'),
    overflow: bucket.describe("Beyond the drawn range, at spot's end"),
    bars: list(bar),
  })
  .meta({ id: 'Histogram' })

const drop = z.strictObject({ ...amounts, rangeUsd, pct: percent, price }).meta({ id: 'Drop' })
const level = z.strictObject({ ...amounts, rangeUsd, crossed: side, price }).meta({ id: 'Level' })

/** What every band report must satisfy. */
export const reportSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    generator: z.strictObject({ name: z.literal('liqbands'), version: text }),
    scan: z.strictObject({
      id: count,
      startedAt: time,
      finishedAt: time,
      status: z.enum(['complete', 'partial']),
    }),
    driver: z.strictObject({ symbol: text, spotUsd: z.number().positive() }),
    blocks: list(block),
    coverage: list(coverage),
    totals: z
      .strictObject({
        below: total,
        above: total,
        range: total,
        already: total,
        never: total,
        insolvent: total,
        unpriced: total,
      })
      .describe('Every open position is in exactly one'),
    bands: list(band),
    whales: list(whale),
    histogram,
    histogramAbove: histogram,
    drops: list(drop),
    levels: list(level),
    assumptions: list(text),
  })
  .meta({
    title: 'liqbands band report',
    description: 'USD amounts and prices are numbers in USD, shares are 0..1, times are ISO-8601 UTC.',
  })

/** The JSON Schema (draft 2020-12) of a report, as it is published in `data/report.schema.json`. */
export const reportJsonSchema = (): string => {
  const schema = z.toJSONSchema(reportSchema, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  return `${JSON.stringify(schema, null, 2)}\n`
}

type Schema = z.infer<typeof reportSchema>
type Same<A, B> = [A, B] extends [B, A] ? true : false
/** Every path in a type: also tells apart what is optional on one side and absent on the other. */
type Paths<T> = T extends readonly (infer Item)[]
  ? Paths<Item>
  : T extends object
    ? { [Key in keyof T & string]-?: Key | `${Key}.${Paths<T[Key]>}` }[keyof T & string]
    : never

/** tsc refuses these lines as soon as the schema and the type say different things. */
const agreement: {
  readonly shape: Same<Schema, Report>
  readonly paths: Same<Paths<Schema>, Paths<Report>>
} = {
  shape: true,
  paths: true,
}
void agreement
