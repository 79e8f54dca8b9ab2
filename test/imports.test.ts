import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** Each line may import only from lines above it; modules of one line are strangers, those of one folder are not. */
const LAYERS = [
  'core',
  'log version known sources store',
  'config adapters',
  'engine',
  'scan report',
  'import-file verify positions simulate diff watch entities doctor dashboard',
  'commands',
  'cli index',
].map((line) => line.split(' '))

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = ['src', 'scripts'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ file: join(folder, name), text: readFileSync(join(root, folder, name), 'utf8') })),
)
const imports = sources.flatMap(({ file, text }) =>
  [...text.matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].map(([, path = '']) => ({
    file,
    path: join(dirname(file), path),
  })),
)
const inSrc = imports.filter(({ file }) => file.startsWith('src/'))
const layerOf = (file: string): string => file.replace(/^src\//, '').replace(/(\/.*|\.ts)$/, '')
const lineOf = (file: string): number => LAYERS.findIndex((line) => line.includes(layerOf(file)))
const arrow = ({ file, path }: { readonly file: string; readonly path: string }) => `${file} → ${path}`
const against = (allowed: (file: string, path: string) => boolean) =>
  inSrc.filter(({ file, path }) => !allowed(file, path)).map(arrow)

test('every module of src stands in the table', () => {
  expect(sources.filter(({ file }) => file.startsWith('src/') && lineOf(file) < 0)).toEqual([])
  expect(inSrc.length).toBeGreaterThan(200)
})

test('imports point upwards in the table', () => {
  const upwards = (file: string, path: string) =>
    layerOf(file) === layerOf(path) || lineOf(path) < lineOf(file)
  expect(against((file, path) => path.startsWith('abis/') || upwards(file, path))).toEqual([])
})

test('src stands alone: nothing of tests or scripts; abis are for adapters, sources and engine', () => {
  expect(against((_, path) => /^(src|abis)\//.test(path))).toEqual([])
  const reads = ['adapters', 'sources', 'engine']
  expect(against((file, path) => !path.startsWith('abis/') || reads.includes(layerOf(file)))).toEqual([])
})

test('adapters and the configuration take nothing but types from sources', () => {
  const takers = sources.filter(({ file }) => ['adapters', 'config'].includes(layerOf(file)))
  const values = takers.filter(({ text }) => /^import (?!type )[^']*'\.\.?\/sources\//m.test(text))
  expect(values.map(({ file }) => file)).toEqual([])
})

test('the dashboard knows core alone', () => {
  const known = ['core', 'dashboard']
  expect(against((file, path) => layerOf(file) !== 'dashboard' || known.includes(layerOf(path)))).toEqual([])
})

test('no cycles, not even of types', () => {
  const next = new Map<string, readonly string[]>()
  for (const { file, path } of imports) next.set(file, [...(next.get(file) ?? []), path])
  const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
    (next.get(from) ?? []).some((path) => {
      if (path === goal) return true
      if (seen.has(path)) return false
      seen.add(path)
      return reaches(path, goal, seen)
    })
  expect(imports.filter(({ file, path }) => reaches(path, file)).map(arrow)).toEqual([])
})

test('no file over 400 lines', () => {
  const long = sources.filter(({ text }) => text.split('\n').length > 401)
  expect(long.map(({ file }) => file)).toEqual([])
})

test('a test that a comment names as its proof exists', () => {
  const abis = readdirSync(join(root, 'abis'), 'utf8')
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ file: `abis/${name}`, text: readFileSync(join(root, 'abis', name), 'utf8') }))
  const named = [...sources, ...abis].flatMap(({ file, text }) =>
    [...text.matchAll(/\btest\/[\w/-]+\.test\.ts/g)].map(([path]) => ({ file, path })),
  )
  expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([])
  expect(named.length).toBeGreaterThan(10)
})
