import { startAnvil } from './chain/anvil.ts'
import { deployAaveV36 } from './chain/aave-v3-6.ts'
import { deployAaveV302 } from './chain/aave-v3-0-2.ts'
import { openPositions } from './chain/positions.ts'
import { poolAbi } from './chain/market.ts'
import { parseConfig } from '../src/config.ts'
import { openDatabase } from '../src/store/open.ts'
import { scan } from '../src/scan.ts'
import { rmSync } from 'node:fs'
const N = Number(process.argv[3] ?? 300)
const anvil = await startAnvil()
try {
  const market = process.argv[2] === '302' ? await deployAaveV302(anvil) : await deployAaveV36(anvil)
  let t = performance.now()
  await openPositions(anvil, market, { count: N, seed: 7 })
  console.log('opened', performance.now() - t)
  const config = parseConfig({
    chains: { local: { chainId: 31337, rpc: [anvil.url], block: 'latest' } },
    sources: [{ key: 'aave-v3/local/test', deployment: { poolAddressesProvider: market.addressesProvider, fromBlock: 0 } }],
    drivers: { ETH: { chains: { local: { feeds: [market.reserves.WETH.feed] } } }, BTC: { chains: { local: { feeds: [market.reserves.WBTC.feed] } } } },
  }, {}, '/tmp')
  rmSync('/tmp/w/s.db', { force: true })
  const db = openDatabase('/tmp/w/s.db')
  for (let i = 0; i < 2; i++) {
    t = performance.now()
    const r = await scan({ config, db })
    console.log(performance.now() - t, JSON.stringify(r, null, 1))
  }
  console.log(db.prepare('select driver, outcome, count(*), sum(collateral_usd) c, sum(debt_usd) d, min(price_usd), max(price_usd) from latest_position group by 1,2').all())
  console.log(process.memoryUsage().rss / 1e6)
} finally { await anvil.stop() }
