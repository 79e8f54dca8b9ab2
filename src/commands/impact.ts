import { type Command, InvalidArgumentError, Option } from 'commander'
import { getAddress, isAddress } from 'viem'
import type { Impact } from '../core/cascade/impact.ts'
import { around, DEFAULT_DEPTHS, DEFAULT_MULTIPLES } from '../core/cascade/table.ts'
import type { TickPool } from '../core/cascade/tick-curve.ts'
import { UsageError } from '../core/errors.ts'
import type { NamedPool } from '../engine/read-pools.ts'
import { parseDepths, parseShocks } from './parse.ts'

const MODELS = ['depth', 'none', 'sqrt', 'cp', 'v3'] as const
type Model = (typeof MODELS)[number]

/** The options of `simulate` as they were typed: checked together, so that all problems are told at once. */
export type ImpactOptions = {
  readonly impact: Model
  readonly shock?: readonly string[]
  readonly depth?: readonly string[]
  readonly volume?: readonly string[]
  readonly volatility?: string
  readonly reserve?: readonly string[]
  readonly pool?: readonly string[]
  readonly times?: readonly string[]
}

/** What is to be simulated; for pools, which they are and how many times over. */
export type ImpactPlan = {
  readonly pcts: readonly number[]
  readonly model:
    | { readonly impacts: readonly Impact[] }
    | { readonly named: readonly NamedPool[]; readonly multiples: readonly number[] }
}

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

export const withImpact = (command: Command): Command =>
  command
    .option('--shock <pct>', 'fall from outside, like -15% or -5%,-10%; repeatable', collect)
    .addOption(
      new Option('--impact <model>', 'how sales move the price').choices([...MODELS]).default('depth'),
    )
    .option('--depth <usd>', 'depth: sales that move the price 2%, like 20M,40M; repeatable', collect)
    .option('--volume <usd>', 'sqrt: volume of a day, like 400M; repeatable', collect)
    .option('--volatility <pct>', 'sqrt: volatility of a day, like 4%')
    .option('--reserve <usd>', 'cp: what the pool holds of the driver, like 500M; repeatable', collect)
    .option('--pool <address>', 'v3: a Uniswap v3 pool, or CHAIN/ADDRESS; repeatable', collect)
    .option('--times <n>', "v3: multiples of the pools' depth, like 1,2,5; repeatable", collect)
    .addHelpText(
      'after',
      `
Impact models: depth  exponential, by USD of sales that move the price 2%
               none   the market takes everything
               sqrt   square-root law, by volume and volatility of a day
               cp     constant-product pool, by its reserve
               v3     Uniswap v3 pools as they are at the scan's block: --pool,
                      or those of the configuration, or those of the chain's
                      factory against known dollars`,
    )

/** Which options belong to which model. */
const BELONGS: Readonly<Record<'depth' | 'volume' | 'volatility' | 'reserve' | 'pool' | 'times', Model>> = {
  depth: 'depth',
  volume: 'sqrt',
  volatility: 'sqrt',
  reserve: 'cp',
  pool: 'v3',
  times: 'v3',
}

/** Each once, ascending. */
const distinct = (values: readonly number[]): readonly number[] =>
  [...new Set(values)].toSorted((a, b) => a - b)

const SHOCKS = [-5, -10, -15, -20, -30]

const parseTimes = (text: string): readonly number[] => {
  const values = text
    .split(',')
    .map((part) => (/^x?\d+(\.\d+)?$/.test(part) ? Number(part.replace('x', '')) : 0))
  if (values.some((value) => !(value > 0 && value <= 1e6)))
    throw new InvalidArgumentError('Expected multiples above 0, like 1,2,5.')
  return values
}

const parseVolatility = (text: string): number => {
  const pct = /^\d+(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : 0
  if (!(pct > 0 && pct <= 100))
    throw new InvalidArgumentError('Expected percent of a day up to 100, like 4%.')
  return pct / 100
}

const parsePools = (text: string): readonly NamedPool[] =>
  text.split(',').map((part) => {
    const at = part.lastIndexOf('/')
    const [chain, address] = [at < 0 ? null : part.slice(0, at), part.slice(at + 1)]
    if (!isAddress(address) || chain === '')
      throw new InvalidArgumentError('Expected the address of a pool, or CHAIN/ADDRESS.')
    return { chain, address: getAddress(address) }
  })

/**
 * Reads shocks and impact.
 * @throws UsageError naming every problem.
 */
export const impactPlanOf = (options: ImpactOptions): ImpactPlan => {
  const problems: string[] = []
  const read = <T>(
    name: string,
    texts: readonly string[] | undefined,
    parse: (text: string) => readonly T[],
  ) =>
    (texts ?? []).flatMap((text) => {
      try {
        return parse(text)
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error
        problems.push(
          `--${name} '${text}': ${error.message.charAt(0).toLowerCase()}${error.message.slice(1, -1)}`,
        )
        return []
      }
    })
  const amounts = (name: 'depth' | 'volume' | 'reserve') => distinct(read(name, options[name], parseDepths))

  const { impact } = options
  for (const [name, model] of Object.entries(BELONGS))
    if (options[name as keyof typeof BELONGS] !== undefined && model !== impact)
      problems.push(`--${name} goes with --impact ${model}, not with ${impact}`)
  const missing = (['volume', 'volatility', 'reserve'] as const).filter(
    (name) => BELONGS[name] === impact && options[name] === undefined,
  )
  for (const name of missing) {
    const example = { volume: '400M', volatility: '4%', reserve: '500M' }[name]
    problems.push(`--impact ${impact} needs --${name}, like ${example}: no scan can know it`)
  }

  const shocks = distinct(read('shock', options.shock, parseShocks)).toReversed()
  const depths = amounts('depth')
  const volumes = amounts('volume')
  const reserves = amounts('reserve')
  const { volatility } = options
  const [sigma = 0] = read('volatility', volatility === undefined ? [] : [volatility], (text) => [
    parseVolatility(text),
  ])
  const named = read('pool', options.pool, parsePools)
  const times = distinct(read('times', options.times, parseTimes))
  if (problems.length > 0) throw new UsageError(problems.join('\n'))

  const pcts = options.shock === undefined ? SHOCKS : shocks
  if (impact === 'v3') {
    const multiples = times.length > 0 ? around(times) : DEFAULT_MULTIPLES
    return { pcts, model: { named, multiples } }
  }
  const impacts: Readonly<Record<Exclude<Model, 'v3'>, () => readonly Impact[]>> = {
    none: () => [{ kind: 'none' }],
    depth: () => (depths.length > 0 ? around(depths).map((usd) => ({ kind: 'depth', usd })) : DEFAULT_DEPTHS),
    sqrt: () => around(volumes).map((volumeUsd) => ({ kind: 'sqrt', sigma, volumeUsd })),
    cp: () => around(reserves).map((reserveUsd) => ({ kind: 'constant-product', reserveUsd })),
  }
  return { pcts, model: { impacts: impacts[impact]() } }
}

/** The same pools so many times over. */
export const timesOver = (pools: readonly TickPool[], multiples: readonly number[]): readonly Impact[] =>
  multiples.map((multiple) => ({ kind: 'uniswap-v3', pools, multiple }))
