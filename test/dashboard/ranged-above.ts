import type { Histogram, Report } from '../../src/core/report.ts'
import { complete, rich } from './reports.ts'

const LEND = 'curve-llamalend/ethereum/lend'
const { spotUsd } = rich.driver
const bars = rich.histogramAbove.bars.map((bar): Histogram['bars'][number] => {
  const rangeUsd = bar.low < 2200 ? 0 : 2.5e6
  return { ...bar, rangeUsd, rangeBySource: rangeUsd === 0 ? {} : { [LEND]: rangeUsd } }
})

/** As `rich`, and beside it 7 loans that are liquidated over ranges while the driver rises. */
export const rangedAbove: Report = {
  ...rich,
  coverage: [...rich.coverage, complete(LEND, 7, 4.1e6)],
  totals: {
    ...rich.totals,
    range: { positions: 7, owners: 7, collateralUsd: 5e6, debtUsd: 4.1e6, driverAmount: 5e6 / spotUsd },
  },
  histogramAbove: { ...rich.histogramAbove, bars },
  drops: [
    ...rich.drops,
    { pct: 5, price: spotUsd * 1.05, collateralUsd: 0, debtUsd: 0, positions: 0, rangeUsd: 5e6 },
  ],
}
